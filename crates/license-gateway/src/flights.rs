//! Calls that outlive who asked for them.
//!
//! A caller waits for a bounded time; what it asked for goes on behind it. Whoever asks the same meanwhile waits for
//! the same call, and whoever asks later asks anew.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// Calls on their way, by what was asked.
#[derive(Debug)]
pub struct Flights<Q, A> {
    open: Open<Q, A>,
}

type Open<Q, A> = Arc<Mutex<HashMap<Q, watch::Receiver<Option<A>>>>>;

impl<Q, A> Default for Flights<Q, A> {
    fn default() -> Self {
        Self { open: Arc::default() }
    }
}

impl<Q, A> Flights<Q, A>
where
    Q: Clone + Eq + Hash + Send + 'static,
    A: Clone + Send + Sync + 'static,
{
    /// Waits for what `question` comes to; `call` is made if nobody asks the same already. It goes on if this is
    /// dropped. `None` if the call broke.
    pub async fn join<C>(&self, question: Q, call: C) -> Option<A>
    where
        C: Future<Output = A> + Send + 'static,
    {
        let mut outcome = self.find_or_begin(question, call);
        outcome.wait_for(Option::is_some).await.ok()?.clone()
    }

    fn find_or_begin<C>(&self, question: Q, call: C) -> watch::Receiver<Option<A>>
    where
        C: Future<Output = A> + Send + 'static,
    {
        let mut open = lock(&self.open);
        if let Some(outcome) = open.get(&question) {
            return outcome.clone();
        }
        let (sender, outcome) = watch::channel(None);
        open.insert(question.clone(), outcome.clone());
        // Landed also if the call panics.
        let landing = Landing { open: self.open.clone(), question };
        tokio::spawn(async move {
            let answer = call.await;
            drop(landing);
            sender.send_replace(Some(answer));
        });
        outcome
    }
}

/// Makes room for the same question when its call has ended.
struct Landing<Q: Eq + Hash, A> {
    open: Open<Q, A>,
    question: Q,
}

impl<Q: Eq + Hash, A> Drop for Landing<Q, A> {
    fn drop(&mut self) {
        lock(&self.open).remove(&self.question);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{sync::oneshot, time};

    use super::*;

    type Calls = Flights<&'static str, u32>;

    #[tokio::test(start_paused = true)]
    async fn who_asks_the_same_waits_for_the_same_call() {
        let calls = Calls::default();
        let (sender, answer) = oneshot::channel::<u32>();
        let first = calls.join("a", async { answer.await.unwrap() });
        let second = calls.join("a", async { panic!("a second call") });
        let third = async { sender.send(7).unwrap() };
        let (first, second, ()) = tokio::join!(first, second, third);
        assert_eq!((first, second), (Some(7), Some(7)));
        assert_eq!(calls.join("a", async { 8 }).await, Some(8), "asked anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_outlives_its_caller_and_its_outcome_is_told_to_nobody_later() {
        const STEP: Duration = Duration::from_secs(1);
        let calls = Calls::default();
        let (sender, done) = oneshot::channel();
        let slow = async move {
            time::sleep(STEP * 2).await;
            sender.send(()).unwrap();
            1
        };
        assert!(time::timeout(STEP, calls.join("a", slow)).await.is_err());
        done.await.unwrap();
        time::sleep(STEP).await;
        assert_eq!(calls.join("a", async { 2 }).await, Some(2));
    }

    #[tokio::test]
    async fn a_call_that_breaks_is_over() {
        let calls = Calls::default();
        assert_eq!(calls.join("a", async { panic!("broken") }).await, None);
        assert_eq!(calls.join("a", async { 1 }).await, Some(1));
    }
}
