//! What a command comes to, before it is known who reads it.

use license_client::{
    Client, ClientError,
    ipc::{Answer, FeaturePage, NamedFeature, Status},
    types::LicensedProduct,
};
use license_doctor::Report;

use crate::{bundle::Bundle, modules::Module};

/// What a command comes to.
#[derive(Debug)]
pub(crate) enum Told {
    /// What the daemon answered.
    Answer(Answer),
    /// All that belongs on the first screen.
    Overview(Box<Overview>),
    /// What each module comes to.
    Modules(Vec<Module>),
    /// A support archive that was made.
    Bundle(Box<Bundle>),
    /// What the doctor found.
    Doctor(Box<Report>),
}

/// How the daemon is, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overview {
    /// How the daemon and its binding are.
    pub(crate) status: Status,
    /// The products of the license; `None` where there is none, or none that the caller may see.
    pub(crate) products: Option<Vec<LicensedProduct>>,
    /// The features of the license, with what each comes to.
    pub(crate) features: Option<Vec<NamedFeature>>,
}

impl Overview {
    /// Asks for it. How the daemon is counts; the rest is told where it may be seen.
    pub(crate) fn ask(client: &mut Client) -> Result<Self, ClientError> {
        let status = client.status()?;
        let products = shown(client.license_info(None))?.map(|info| info.products);
        let features = shown(features(client))?.map(|page| page.features);
        Ok(Self { status, products, features })
    }
}

/// What is there to be seen: a failure that the daemon tells is one reason why not.
fn shown<T>(answer: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match answer {
        Ok(seen) => Ok(Some(seen)),
        Err(ClientError::Failed(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// All pages of the features as one.
pub(crate) fn features(client: &mut Client) -> Result<FeaturePage, ClientError> {
    let mut all = client.features(None)?;
    while let Some(cursor) = all.next {
        let page = client.features(Some(cursor))?;
        all.features.extend(page.features);
        all.next = page.next;
    }
    Ok(all)
}
