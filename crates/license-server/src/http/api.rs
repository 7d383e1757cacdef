//! What the handlers share.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{
    Options,
    client::{Client, Network},
    drain::Drain,
    fault::Fault,
    health::Database,
    limits::{Limits, TooMany},
    places::Places,
};
use crate::{LicenseServer, feed::Feed, metrics::Metrics};

/// How many forgotten numbers may be looked for at once.
const FORGOTTEN_PLACES: usize = 16;

/// What the handlers share. Clones share it too.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) server: Arc<LicenseServer>,
    pub(crate) options: Arc<Options>,
    pub(crate) metrics: Metrics,
    pub(crate) drain: Drain,
    pub(crate) database: Arc<Database>,
    pub(crate) feed: Feed,
    /// Who waits for news holds a place.
    pub(crate) long_polls: Places,
    pub(crate) forgotten: Arc<Semaphore>,
    /// `None` is without limits.
    pub(crate) limits: Option<Arc<Limits>>,
}

impl Api {
    pub(crate) fn new(server: Arc<LicenseServer>, options: Options) -> Self {
        let metrics = Metrics::default();
        let limits = options.rate_limits.then(|| Arc::new(Limits::new(metrics.clone())));
        Self {
            server,
            metrics,
            drain: Drain::default(),
            database: Arc::default(),
            feed: Feed::default(),
            long_polls: Places::of(&options),
            forgotten: Arc::new(Semaphore::new(FORGOTTEN_PLACES)),
            limits,
            options: Arc::new(options),
        }
    }

    /// Counts a request that nothing proves.
    pub(crate) fn unproved(&self, client: Client) -> Result<(), Fault> {
        self.limited(client.network(), Limits::unproved)
    }

    /// What a client that proves nothing is told: the fault, while it does not ask too often.
    pub(crate) fn faulted(&self, client: Client, fault: Fault) -> Fault {
        self.unproved(client).err().unwrap_or(fault)
    }

    /// Asks one of the limits, if there are any.
    pub(crate) fn limited(
        &self,
        network: Network,
        limit: impl FnOnce(&Limits, Network) -> Result<(), TooMany>,
    ) -> Result<(), Fault> {
        self.limits.as_ref().map_or(Ok(()), |limits| limit(limits, network)).map_err(Fault::TooMany)
    }
}
