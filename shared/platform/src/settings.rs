//! Application variables granted to this component.

use crate::problem::Problem;

/// The value of variable `name`. An unset one is a mistake of the deployment: logged by name, 503 to the caller.
pub async fn get(name: &str) -> Result<String, Problem> {
    match spin_sdk::variables::get(name).await {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) => Err(Problem::misconfigured(&format!("{name}: empty"))),
        Err(error) => Err(Problem::misconfigured(&format!("{name}: {error}"))),
    }
}

/// The value of a variable that may be empty. One that is not granted is a mistake of the deployment.
pub async fn optional(name: &str) -> Result<String, Problem> {
    spin_sdk::variables::get(name).await.map_err(|error| Problem::misconfigured(&format!("{name}: {error}")))
}
