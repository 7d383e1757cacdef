//! The signal that the server stops, for everybody who would otherwise go on.

use tokio::sync::watch;

/// Whether the server drains: it takes no new connections, and answers what is open.
///
/// Clones see the same. Who waits for long selects on [`Drain::begun`], and answers with what it has.
#[derive(Debug, Clone)]
pub(crate) struct Drain(watch::Sender<bool>);

impl Default for Drain {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Drain {
    /// Begins; there is no way back.
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it has begun.
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Ready once it has begun.
    pub(crate) async fn begun(&self) {
        // The sender is in `self`, so that the wait ends by the signal alone.
        let mut begun = self.0.subscribe();
        let _begun = begun.wait_for(|begun| *begun).await;
    }
}
