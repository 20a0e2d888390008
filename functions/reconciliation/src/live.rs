//! Which providers this bureau has a contract with: the setting `providers`.

use zerotrip_domain::Provider;
use zerotrip_platform::{Problem, settings};

/// Their names, separated by commas in the setting.
pub async fn providers() -> Result<Vec<Provider>, Problem> {
    let text = settings::get("providers").await?;
    Provider::list(&text)
        .map_err(|_| Problem::misconfigured("providers: not names of providers, separated by commas"))
}

/// Those whose bills a call brings. The bank gives its file to people only.
pub async fn downloadable() -> Result<Vec<Provider>, Problem> {
    let mut live = providers().await?;
    live.retain(|provider| *provider != Provider::Ccb);
    Ok(live)
}
