//! Calls that outlive who asked for them.
//!
//! A caller waits for a bounded time; what it asked for goes on behind it. Whoever asks the same meanwhile waits for
//! the same call.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{self, Instant},
};
use tokio_util::task::TaskTracker;

/// How long an outcome that nobody was told is kept for who asks again.
pub const KEPT: Duration = Duration::from_mins(10);

/// The most outcomes that are kept; the oldest go first.
const MOST_KEPT: usize = 256;

/// Calls on their way, by what was asked.
#[derive(Debug)]
pub struct Flights<Q, A> {
    known: Arc<Mutex<HashMap<Q, Flight<A>>>>,
    next: AtomicU64,
    open: TaskTracker,
}

/// One call.
#[derive(Debug)]
struct Flight<A> {
    id: u64,
    outcome: watch::Receiver<Option<A>>,
    landed: Option<Instant>,
}

impl<Q, A> Default for Flights<Q, A> {
    fn default() -> Self {
        Self { known: Arc::default(), next: AtomicU64::default(), open: TaskTracker::new() }
    }
}

impl<Q, A> Flights<Q, A>
where
    Q: Clone + Eq + Hash + Send + 'static,
    A: Clone + Send + Sync + 'static,
{
    /// Waits for what `question` comes to, for at most `patience`; `call` is made if nobody asks the same already.
    /// An outcome that nobody was told, and that `keeps` says yes to, is given to who asks the same within [`KEPT`].
    pub async fn join<C>(
        &self,
        question: Q,
        keeps: impl FnOnce(&A) -> bool + Send + 'static,
        patience: Duration,
        call: C,
    ) -> Option<A>
    where
        C: Future<Output = A> + Send + 'static,
    {
        let (id, mut outcome) = self.find_or_begin(question.clone(), keeps, call);
        let landed = time::timeout(patience, outcome.wait_for(Option::is_some)).await.ok()?;
        let answer = landed.ok()?.clone();
        let mut known = lock(&self.known);
        if known.get(&question).is_some_and(|flight| flight.id == id) {
            known.remove(&question);
        }
        answer
    }

    /// Waits until every call has ended. No call may be begun any more.
    pub async fn land(&self) {
        self.open.close();
        self.open.wait().await;
    }

    fn find_or_begin<C>(
        &self,
        question: Q,
        keeps: impl FnOnce(&A) -> bool + Send + 'static,
        call: C,
    ) -> (u64, watch::Receiver<Option<A>>)
    where
        C: Future<Output = A> + Send + 'static,
    {
        let mut known = lock(&self.known);
        known.retain(|_, flight| flight.landed.is_none_or(|at| at.elapsed() < KEPT));
        if let Some(flight) = known.get(&question) {
            return (flight.id, flight.outcome.clone());
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, outcome) = watch::channel(None);
        known.insert(question.clone(), Flight { id, outcome: outcome.clone(), landed: None });
        let flights = self.known.clone();
        self.open.spawn(async move {
            // Gone also if the call panics: then nobody can be told what it came to.
            let mut landing = Landing { flights, question, id, keep: false };
            let answer = call.await;
            landing.keep = keeps(&answer);
            sender.send_replace(Some(answer));
        });
        (id, outcome)
    }
}

/// What becomes of a call when it has ended.
struct Landing<Q: Eq + Hash, A> {
    flights: Arc<Mutex<HashMap<Q, Flight<A>>>>,
    question: Q,
    id: u64,
    keep: bool,
}

impl<Q: Eq + Hash, A> Drop for Landing<Q, A> {
    fn drop(&mut self) {
        let mut known = lock(&self.flights);
        // Who waited may have taken it away already, and another may ask the same anew.
        let Some(flight) = known.get_mut(&self.question).filter(|flight| flight.id == self.id) else {
            return;
        };
        if self.keep {
            flight.landed = Some(Instant::now());
            forget_the_oldest(&mut known);
        } else {
            known.remove(&self.question);
        }
    }
}

/// Keeps no more outcomes than [`MOST_KEPT`]. Calls are numbered in their order.
fn forget_the_oldest<Q: Eq + Hash, A>(known: &mut HashMap<Q, Flight<A>>) {
    let mut kept: Vec<u64> =
        known.values().filter(|flight| flight.landed.is_some()).map(|flight| flight.id).collect();
    kept.sort_unstable();
    if let Some(surplus) = kept.len().checked_sub(MOST_KEPT + 1) {
        let newest_of_them = kept[surplus];
        known.retain(|_, flight| flight.landed.is_none() || flight.id > newest_of_them);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future;

    use tokio::sync::oneshot;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    type Calls = Flights<&'static str, u32>;

    #[tokio::test(start_paused = true)]
    async fn who_asks_the_same_waits_for_the_same_call() {
        let calls = Calls::default();
        let (sender, answer) = oneshot::channel::<u32>();
        let first = calls.join("a", |_| false, PATIENCE, async { answer.await.unwrap() });
        let second = calls.join("a", |_| false, PATIENCE, async { panic!("a second call") });
        let third = async { sender.send(7).unwrap() };
        let (first, second, ()) = tokio::join!(first, second, third);
        assert_eq!((first, second), (Some(7), Some(7)));
        assert_eq!(calls.join("a", |_| false, PATIENCE, async { 8 }).await, Some(8), "asked anew");
    }

    #[tokio::test(start_paused = true)]
    async fn an_outcome_that_nobody_was_told_is_kept_if_it_matters() {
        for (keep, then) in [(true, 1), (false, 2)] {
            let calls = Calls::default();
            let slow = async {
                time::sleep(PATIENCE * 2).await;
                1
            };
            assert_eq!(calls.join("coupon", move |_| keep, PATIENCE, slow).await, None);
            time::sleep(PATIENCE * 2).await;
            assert_eq!(calls.join("coupon", move |_| keep, PATIENCE, async { 2 }).await, Some(then));
            assert_eq!(
                calls.join("coupon", move |_| keep, PATIENCE, async { 3 }).await,
                Some(3),
                "told once"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_is_forgotten_in_time_and_bounded_in_number() {
        let calls = Flights::<usize, usize>::default();
        for at in 0..=MOST_KEPT {
            tokio::select! {
                biased;
                _ = calls.join(at, |_| true, PATIENCE, async move { at }) => panic!("there is no call yet"),
                () = future::ready(()) => {}
            }
        }
        time::sleep(Duration::from_millis(1)).await;
        let ask = async |at, now| calls.join(at, |_| true, PATIENCE, future::ready(now)).await;
        assert_eq!(ask(1, 1_000).await, Some(1), "kept");
        assert_eq!(ask(0, 1_000).await, Some(1_000), "the oldest is gone");
        time::sleep(KEPT).await;
        assert_eq!(ask(2, 1_000).await, Some(1_000), "nor are they kept for ever");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_outlives_its_caller_and_ends_before_the_gateway_does() {
        let calls = Calls::default();
        let (sender, done) = oneshot::channel::<()>();
        let slow = async {
            time::sleep(PATIENCE * 3).await;
            sender.send(()).unwrap();
            1
        };
        assert_eq!(calls.join("a", |_| false, PATIENCE, slow).await, None);
        calls.land().await;
        done.await.unwrap();
    }
}
