//! What is given up for something that comes before it: a reset, somebody who waits, the end.

use license_core::{api::Call, state::Event};
use license_texts::text;

use super::{
    InFlight, Keeper, answer,
    handle::{Command, Waiter, draining, overtaken},
};
use crate::transport::Exchange;

impl<E: Exchange> Keeper<E> {
    /// Gives everything up that is under way or waits: a reset comes before it.
    pub(super) fn overtake(&mut self) {
        self.news.stop();
        self.last_refusal = None;
        let mut waiters: Vec<Waiter> = self.queue.drain(..).flat_map(|waiting| waiting.waiters).collect();
        if let Some(under_way) = self.in_flight.take() {
            under_way.task.abort();
            waiters.extend(under_way.waiters);
        }
        answer(waiters, &Err(overtaken(text!("overtaken-by-reset"))));
    }

    /// Lets what somebody waits for go before a check-in of the schedule, unless it is the schedule's turn.
    /// Other calls are never given up, since a later one could arrive before them.
    pub(super) fn give_way(&mut self) {
        let gives_way = |under_way: &mut InFlight| {
            under_way.is_scheduled && under_way.waiters.is_empty() && under_way.prepared.call == Call::CheckIn
        };
        if !self.schedule_is_next
            && let Some(under_way) = self.in_flight.take_if(gives_way)
        {
            under_way.task.abort();
            self.schedule_is_next = true;
        }
    }

    /// Tells everybody who waits that the daemon stops, and stores the time.
    pub(super) async fn drain(mut self) {
        self.commands.close();
        self.news.stop();
        self.apply(Event::Stopping).await;
        let mut waiters: Vec<Waiter> = self.queue.drain(..).flat_map(|waiting| waiting.waiters).collect();
        if let Some(under_way) = self.in_flight.take() {
            under_way.task.abort();
            waiters.extend(under_way.waiters);
        }
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Call { waiter, .. } | Command::Release { waiter, .. } => waiters.push(waiter),
                Command::NotTold { .. }
                | Command::Reset { .. }
                | Command::Deprovision { .. }
                | Command::Pulse { .. }
                | Command::Configure { .. } => {}
            }
        }
        answer(waiters, &Err(draining()));
        if !self.is_deprovisioned {
            self.save_clock().await;
        }
    }
}
