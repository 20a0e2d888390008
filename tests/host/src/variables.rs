//! Application variables, their providers and the `{{ templates }}` that components see.

use crate::manifest::Manifest;
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, HashMap};

/// Values of the application's variables: `--variable` beats `SPIN_VARIABLE_NAME` beats the default.
pub fn application(manifest: &Manifest, given: &HashMap<String, String>) -> Result<HashMap<String, String>> {
    let mut values = HashMap::new();
    for (name, variable) in &manifest.variables {
        check_name(name)?;
        if variable.required == variable.default.is_some() {
            bail!("variable '{name}' must be either required or have a default");
        }
        let value = given
            .get(name)
            .cloned()
            .or_else(|| std::env::var(format!("SPIN_VARIABLE_{}", name.to_uppercase())).ok())
            .or_else(|| variable.default.clone());
        if let Some(value) = value {
            values.insert(name.clone(), value);
        }
    }
    Ok(values)
}

/// Reads `k=v` and `@file.toml` (flat text values) as given on the command line.
pub fn parse_arguments(arguments: &[String]) -> Result<HashMap<String, String>> {
    let mut values = HashMap::new();
    for argument in arguments {
        if let Some(path) = argument.strip_prefix('@') {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
            let table: BTreeMap<String, String> =
                toml::from_str(&text).with_context(|| format!("{path} must hold name = \"text\" lines"))?;
            values.extend(table);
        } else {
            let (name, value) =
                argument.split_once('=').context("--variable takes NAME=VALUE or @FILE.toml")?;
            values.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(values)
}

/// Replaces `{{ name }}` by the application's value. An unknown or unset name is an error.
pub fn expand(template: &str, values: &HashMap<String, String>) -> Result<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        let end = rest[start..].find("}}").with_context(|| format!("unclosed {{{{ in '{template}'"))? + start;
        let name = rest[start + 2..end].trim();
        out.push_str(values.get(name).with_context(|| format!("no value for variable '{name}'"))?);
        rest = &rest[end + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Lower-case letters, digits and single underscores, starting with a letter: Spin's rule.
pub fn check_name(name: &str) -> Result<()> {
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.contains("__")
        && !name.ends_with('_');
    if !well_formed {
        bail!("'{name}' must be lower_snake_case");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_with_an_unknown_name_is_refused_by_name() {
        let err = expand("http://{{ gateway }}/x", &HashMap::new()).expect_err("unknown");
        assert_eq!(err.to_string(), "no value for variable 'gateway'");
    }

    #[test]
    fn templates_stand_anywhere_in_a_text() {
        let values = HashMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        assert_eq!(expand("x{{a}}-{{ b }}y", &values).expect("known names"), "x1-2y");
    }

    #[test]
    fn names_are_snake_case() {
        for bad in ["A", "1a", "a-b", "a__b", "a_", ""] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert!(check_name("session_keys").is_ok());
    }
}
