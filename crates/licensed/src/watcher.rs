//! A watcher: hears of each change once, and of everything anew where it was too slow.

use std::sync::Arc;

use license_ipc::Change;
use license_texts::Language;
use license_types::Entitlement;
use tokio::sync::watch;

use crate::{snapshot::Snapshot, status, view::View};

/// Follows the snapshots for one connection. It holds one view, however slow its client is.
#[derive(Debug)]
pub struct Watcher {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    language: Language,
    told: Option<Arc<View>>,
}

impl Watcher {
    /// A watcher that was told nothing yet, and is told in that language.
    #[must_use]
    pub const fn new(snapshots: watch::Receiver<Arc<Snapshot>>, language: Language) -> Self {
        Self { snapshots, language, told: None }
    }

    /// What is to be told next: everything at first, then each change when it comes. A change that is too
    /// long for one answer takes several. `None` when no change can come any more.
    pub async fn next(&mut self) -> Option<Vec<Change>> {
        loop {
            let snapshot = self.snapshots.borrow_and_update().clone();
            if snapshot.state.draining {
                return None;
            }
            let told = self.told.replace(snapshot.view.clone());
            if let Some(changes) = changes(&snapshot, told.as_deref(), self.language) {
                return Some(changes);
            }
            self.snapshots.changed().await.ok()?;
        }
    }
}

/// What changed in `snapshot` since the view that was `told`; `None` if nothing did that matters.
fn changes(snapshot: &Snapshot, told: Option<&View>, language: Language) -> Option<Vec<Change>> {
    let view = &snapshot.view;
    let passed = told.map(|told| view.revision.saturating_sub(told.revision));
    let mut entitlements: Vec<_> = match (told, passed) {
        (_, Some(0)) => return None,
        (Some(told), Some(1)) => {
            let gone = view.gone_since(told).into_iter();
            let gone =
                gone.map(|feature| snapshot.state.entitlement(feature, None, Language::English, view.at));
            view.changed_since(told).into_iter().chain(gone).collect()
        }
        (Some(_) | None, _) => view.entitlements(),
    };
    if language != Language::English {
        // The view is in English.
        for told in &mut entitlements {
            *told = snapshot.state.entitlement(told.feature, None, language, view.at);
        }
    }
    let whole = passed != Some(1);
    Some(paged(snapshot, &entitlements, language, whole, whole && told.is_some()))
}

fn paged(
    snapshot: &Snapshot,
    entitlements: &[Entitlement],
    language: Language,
    whole: bool,
    missed: bool,
) -> Vec<Change> {
    let status = status::report(snapshot, language, snapshot.view.at);
    let mut pages: Vec<Vec<Entitlement>> =
        entitlements.chunks(Change::MOST_ENTITLEMENTS).map(<[_]>::to_vec).collect();
    if pages.is_empty() {
        pages.push(Vec::new());
    }
    let last = pages.len() - 1;
    let page = |(at, entitlements)| Change {
        whole: whole && at == 0,
        missed: missed && at == 0,
        more: at < last,
        state: status.state,
        code: status.code,
        message: status.message.clone(),
        entitlements,
    };
    pages.into_iter().enumerate().map(page).collect()
}

#[cfg(test)]
mod tests {
    use license_core::{
        state::State,
        time::{Age, Now},
    };
    use license_ipc::{Answer, Encoding, frame};
    use license_types::{FeatureId, UnixTime};

    use super::*;

    #[test]
    fn the_largest_license_is_told_in_frames_that_fit() {
        let now = Now { age: Age(0), wall: UnixTime(0) };
        let state = State::unregistered(now);
        let entitlement = |feature| Entitlement {
            message: "x".repeat(1_500),
            ..state.entitlement(FeatureId(feature), None, Language::English, now)
        };
        let all: Vec<Entitlement> = (0..2_000).map(entitlement).collect();
        let snapshot = Snapshot::of(state, now);
        let pages = paged(&snapshot, &all, Language::English, true, true);
        let flags = |page: &Change| (page.whole, page.missed, page.more);
        let found: Vec<_> = pages.iter().map(flags).collect();
        let go_on = (false, false, true);
        assert_eq!(found, [(true, true, true), go_on, go_on, (false, false, false)]);
        assert_eq!(pages.iter().flat_map(|page| page.entitlements.clone()).collect::<Vec<_>>(), all);
        for page in pages {
            let answer = Answer::Change(Box::new(page));
            for encoding in [Encoding::Json, Encoding::Binary] {
                frame::encode_answer(&answer, encoding).unwrap();
            }
        }
    }
}
