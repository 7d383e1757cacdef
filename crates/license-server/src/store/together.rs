//! Transactions that are made together.
//!
//! A transaction costs a round of queries and a sync of the disk, whether it is about one request or about many. So
//! all requests that wait while one is being made are decided in the next one.

use std::{
    convert::Infallible,
    mem,
    panic::{self, AssertUnwindSafe},
    slice,
};

use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::{StoreError, catalogue::Sold, sqlite::Series};
use crate::decide::{Rows, Wanted, Write};

/// The most requests of one transaction: what waits behind it waits for all of them.
const MOST: usize = 64;

/// The most requests that wait in memory; more wait where they come from.
const WAITING: usize = 1024;

/// Where requests are handed in.
#[derive(Debug, Clone)]
pub(super) struct Together {
    jobs: mpsc::Sender<Box<dyn Job>>,
}

/// A request that waits for its decision.
pub(super) trait Job: Send {
    fn wanted(&self) -> &Wanted;
    /// What is to be written. A later call replaces what an earlier one came to.
    fn decide(&mut self, rows: Rows) -> Vec<Write>;
    /// Says to whoever waits that it is stored, or why not.
    fn end(self: Box<Self>, stored: Result<(), StoreError>);
}

struct Request<T, E, D> {
    wanted: Wanted,
    decide: D,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<Result<T, E>, StoreError>>,
}

impl<T, E, D> Job for Request<T, E, D>
where
    T: Send,
    E: Send,
    D: FnMut(Rows) -> Result<(Vec<Write>, T), E> + Send,
{
    fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    fn decide(&mut self, rows: Rows) -> Vec<Write> {
        // A rule that breaks must not take those along that are decided with it.
        let decided = panic::catch_unwind(AssertUnwindSafe(|| (self.decide)(rows)));
        let (writes, outcome) = match decided {
            Ok(Ok((writes, outcome))) => (writes, Some(Ok(outcome))),
            Ok(Err(error)) => (Vec::new(), Some(Err(error))),
            Err(_) => (Vec::new(), None),
        };
        self.outcome = outcome;
        writes
    }

    fn end(self: Box<Self>, stored: Result<(), StoreError>) {
        let Self { outcome, answer, .. } = *self;
        let outcome = stored.and_then(|()| outcome.ok_or(StoreError::Undecided));
        // Whoever asked may be gone; the decision stands, and a repetition of the request finds it.
        let _ = answer.send(outcome);
    }
}

impl Together {
    /// Decides what is handed in until nobody can hand in more.
    pub(super) fn start(pool: SqlitePool, sold: Sold) -> Self {
        let (jobs, mut waiting) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            let mut turn = Vec::with_capacity(MOST);
            while waiting.recv_many(&mut turn, MOST).await > 0 {
                // In a task of its own: whatever breaks in it fails who asked, and not all who come later.
                let decided = tokio::spawn(all(pool.clone(), sold.clone(), mem::take(&mut turn))).await;
                if let Err(error) = decided {
                    tracing::error!(%error, "requests were dropped undecided");
                }
            }
        });
        Self { jobs }
    }

    pub(super) async fn decide<T, E, D>(&self, wanted: Wanted, decide: D) -> Result<Result<T, E>, StoreError>
    where
        T: Send + 'static,
        E: Send + 'static,
        D: FnMut(Rows) -> Result<(Vec<Write>, T), E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let request = Box::new(Request { wanted, decide, outcome: None, answer });
        self.jobs.send(request).await.map_err(|_| StoreError::Undecided)?;
        answered.await.map_err(|_| StoreError::Undecided)?
    }
}

/// One transaction for all; if it fails, one for each, so that none fails for another.
async fn all(pool: SqlitePool, sold: Sold, mut jobs: Vec<Box<dyn Job>>) {
    let series = match Series::begin(&pool, &sold).await {
        Ok(series) => series,
        Err(error) => {
            tracing::error!(%error, requests = jobs.len(), "no transaction begins; requests are dropped undecided");
            return;
        }
    };
    match decided(series, &mut jobs).await {
        Ok(()) => jobs.into_iter().for_each(|job| job.end(Ok(()))),
        Err(error) => {
            tracing::warn!(%error, requests = jobs.len(), "a transaction failed; each is tried by itself");
            for mut job in jobs {
                let stored = async {
                    let series = Series::begin(&pool, &sold).await?;
                    decided(series, slice::from_mut(&mut job)).await
                };
                let stored = stored.await;
                job.end(stored);
            }
        }
    }
}

/// In the order in which they came.
async fn decided(mut series: Series, mut jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    loop {
        let alike = jobs.iter().take_while(|job| job.wanted().is_of_hosts()).count();
        let (run, others) = jobs.split_at_mut(alike);
        series.decide_together(run).await?;
        let Some((alone, rest)) = others.split_first_mut() else { break };
        let wanted = alone.wanted().clone();
        let Ok(()) = series.decide(&wanted, |rows| Ok::<_, Infallible>((alone.decide(rows), ()))).await?;
        jobs = rest;
    }
    series.commit().await
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use license_core::crypto::PublicKey;
    use tokio::task::JoinHandle;

    use super::{
        super::{
            Store,
            tests::{apply, host, rows, seat, store, writes},
        },
        *,
    };
    use crate::decide::HostRow;

    type Outcome = Result<Result<u64, &'static str>, StoreError>;

    fn of(hosts: &[u8]) -> Wanted {
        Wanted { hosts: hosts.iter().map(|id| host(*id).key).collect(), ..Wanted::default() }
    }

    fn serial(rows: &Rows, key: &PublicKey) -> u64 {
        rows.host(key).map_or(0, |host| host.serial)
    }

    /// Hands in a request that gives the host the next serial.
    fn count(store: &Store, id: u8) -> JoinHandle<Outcome> {
        counted(store, id, Arc::default())
    }

    fn counted(store: &Store, id: u8, decided: Arc<AtomicUsize>) -> JoinHandle<Outcome> {
        hand_in(store, id, move |rows| {
            decided.fetch_add(1, Ordering::Relaxed);
            let serial = serial(rows, &host(id).key) + 1;
            Ok((vec![Write::SaveHost(HostRow { serial, ..host(id) })], serial))
        })
    }

    fn hand_in(
        store: &Store,
        id: u8,
        mut decide: impl FnMut(&Rows) -> Result<(Vec<Write>, u64), &'static str> + Send + 'static,
    ) -> JoinHandle<Outcome> {
        let store = store.clone();
        tokio::spawn(async move { store.transaction_together(of(&[id]), move |rows| decide(&rows)).await })
    }

    #[tokio::test]
    async fn requests_that_wait_are_decided_in_one_transaction_each_on_what_those_before_it_left() {
        let (_dir, store) = store().await;
        let busy = store.series().await.unwrap();
        // The first one waits for the transaction that is open, the others for the first one.
        let decided = Arc::new(AtomicUsize::new(0));
        let mut requests = vec![counted(&store, 1, Arc::clone(&decided))];
        tokio::task::yield_now().await;
        requests.extend([1, 2, 1, 2, 1].map(|id| counted(&store, id, Arc::clone(&decided))));
        while store.together.jobs.capacity() > WAITING - 5 {
            tokio::task::yield_now().await;
        }
        busy.commit().await.unwrap();
        let mut serials = Vec::new();
        for request in requests {
            serials.push(request.await.unwrap().unwrap().unwrap());
            if serials.len() > 1 {
                assert_eq!(decided.load(Ordering::Relaxed), 6, "before any of the others is answered");
            }
        }
        assert_eq!(serials, [1, 2, 1, 3, 2, 4]);
        let found = rows(&store, &of(&[1, 2])).await;
        assert_eq!([1, 2].map(|id| serial(&found, &host(id).key)), [4, 2]);
    }

    #[tokio::test]
    async fn a_request_that_fails_or_breaks_fails_alone() {
        let (_dir, store) = store().await;
        apply(&store, writes()).await.unwrap();
        let busy = store.series().await.unwrap();
        let first = count(&store, 3);
        tokio::task::yield_now().await;
        let good = count(&store, 4);
        let refused = hand_in(&store, 5, |_| Err("no"));
        let taken = hand_in(&store, 6, |_| Ok((vec![Write::TakeSeat(seat("s9", 0))], 0)));
        let broken = hand_in(&store, 7, |_| panic!("a rule is wrong"));
        let last = count(&store, 4);
        busy.commit().await.unwrap();
        assert_eq!(first.await.unwrap().unwrap(), Ok(1));
        assert_eq!(good.await.unwrap().unwrap(), Ok(1));
        assert_eq!(refused.await.unwrap().unwrap(), Err("no"));
        assert!(matches!(taken.await.unwrap(), Err(StoreError::Query(_))), "the slot is taken");
        assert!(matches!(broken.await.unwrap(), Err(StoreError::Undecided)), "a rule is wrong");
        assert_eq!(last.await.unwrap().unwrap(), Ok(2));
    }

    #[tokio::test]
    async fn requests_are_decided_in_the_order_in_which_they_came() {
        let (_dir, store) = store().await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let busy = store.series().await.unwrap();
        let first = count(&store, 1);
        tokio::task::yield_now().await;
        let mut requests = Vec::new();
        for (index, email) in
            [None, Some("a@example.com"), None, None, Some("b@example.com")].iter().enumerate()
        {
            let (store, order) = (store.clone(), Arc::clone(&order));
            let wanted =
                Wanted { email_keys: email.iter().map(|&email| email.to_owned()).collect(), ..of(&[1]) };
            requests.push(tokio::spawn(async move {
                let decide = move |_| {
                    order.lock().unwrap().push(index);
                    Ok::<_, ()>((Vec::new(), ()))
                };
                store.transaction_together(wanted, decide).await
            }));
            tokio::task::yield_now().await;
        }
        busy.commit().await.unwrap();
        first.await.unwrap().unwrap().unwrap();
        for request in requests {
            request.await.unwrap().unwrap().unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn a_request_that_looks_for_strangers_is_decided_by_itself() {
        let (_dir, store) = store().await;
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let calls = Arc::new(AtomicUsize::new(0));
        let busy = store.series().await.unwrap();
        let first = count(&store, 1);
        tokio::task::yield_now().await;
        let mut requests = Vec::new();
        for email in ["a@example.com", "a@example.com"] {
            let (store, sizes, calls) = (store.clone(), Arc::clone(&sizes), Arc::clone(&calls));
            let wanted = Wanted { email_keys: vec![email.to_owned()], ..of(&[1]) };
            requests.push(tokio::spawn(async move {
                let decide = move |rows: Rows| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    sizes.lock().unwrap().push(rows.customers.len());
                    let new = if rows.customers.is_empty() { writes() } else { Vec::new() };
                    Ok::<_, ()>((new, ()))
                };
                store.transaction_together(wanted, decide).await
            }));
        }
        busy.commit().await.unwrap();
        first.await.unwrap().unwrap().unwrap();
        for request in requests {
            request.await.unwrap().unwrap().unwrap();
        }
        assert_eq!(*sizes.lock().unwrap(), [0, 1], "the second one finds whom the first one made");
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
