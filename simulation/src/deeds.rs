//! What each fault and each person does to the world.

use license_core::api::Call;
use license_server::decide::{
    customer,
    drop::{self, Purpose, Which as Seats},
    grants,
};
use license_types::{ProductId, Registration};

use crate::{
    clock::SECOND,
    daemon::Daemon,
    host::Host,
    oracle::Broken,
    plan::{Deed, Wish},
    server::{drawn, signing_key},
    world::World,
};

impl World {
    #[allow(clippy::wildcard_enum_match_arm, reason = "all that is no person's deed is a fault")]
    pub(crate) fn deed(&mut self, deed: Deed) -> Result<(), Broken> {
        self.say(|| format!("--- {deed:?}"));
        match deed {
            Deed::Wish { host, wish } => return self.wish(host, wish),
            Deed::Reset { host } => return self.reset(host),
            Deed::Sell => return self.sell(),
            Deed::DropHost { host } => return self.drop_host(host),
            Deed::DropSeat { seat, for_good } => return self.drop_seat(seat, for_good),
            Deed::Suspended { number, is } => return self.suspend(number, is),
            _ => self.counts.faults += 1,
        }
        self.fault(deed)
    }

    fn fault(&mut self, deed: Deed) -> Result<(), Broken> {
        let at = self.at;
        match deed {
            Deed::Weather { host, weather, span } => {
                self.hosts[host].weather = weather;
                self.hosts[host].weather_until = at.after(span);
            }
            Deed::ServerDown { span } => self.down_until = self.down_until.max(at.after(span)),
            Deed::BackUp => self.server.back_up(&mut self.oracle),
            Deed::Restore => {
                self.server.restore(&mut self.oracle);
                // A reset may be lost.
                let is_bound = |daemon: &Daemon| daemon.state.number().is_some();
                for host in self.hosts.iter_mut().filter(|host| !host.daemon.as_ref().is_some_and(is_bound)) {
                    host.may_be_unaware = true;
                }
            }
            Deed::PowerCut { host, off, torn, wall_error } => {
                self.stop_host(host);
                for which in torn {
                    self.hosts[host].machine.disk.tear(which);
                }
                if let Some(error) = wall_error {
                    self.hosts[host].machine.wall_error = error;
                }
                self.boot_later(host, off);
            }
            Deed::Kill { host, down } => {
                self.stop_host(host);
                self.start_later(host, down);
            }
            Deed::StopAtWrite { host, after } => self.hosts[host].machine.disk.dies_after = Some(after),
            Deed::WallJump { host, error } => self.hosts[host].machine.wall_error = error,
            Deed::Suspend { host, span } => {
                self.hosts[host].is_suspended = self.hosts[host].daemon.is_some();
                self.resume_later(host, span);
            }
            Deed::DiskFull { host, room, span } => {
                self.hosts[host].machine.disk.room = Some(room);
                self.deed_later(Deed::DiskFree { host }, span);
            }
            Deed::DiskFree { host } => self.hosts[host].machine.disk.room = None,
            Deed::Snapshot { host } => {
                self.snapshots[host] = Some((at, Box::new(self.hosts[host].clone())));
            }
            Deed::Revert { host, with_memory } => return self.revert(host, with_memory),
            Deed::Copy { host, same_hardware } => self.copy(host, same_hardware),
            Deed::Move { host } => {
                self.stop_host(host);
                self.hosts[host].machine.hardware = self.chance.u64(1000..);
                self.boot_later(host, 60 * SECOND);
            }
            Deed::Reinstall { host } => {
                self.stop_host(host);
                let key = signing_key(&mut self.chance);
                self.hosts[host].machine.reinstall(key);
                self.hosts[host].may_be_unaware = true;
                self.boot_later(host, 60 * SECOND);
            }
            Deed::Rumour { host } => {
                let Host { machine, daemon, is_suspended, .. } = &mut self.hosts[host];
                if let (Some(daemon), false) = (daemon, *is_suspended) {
                    let heard = daemon.hear_of_news(machine, at);
                    return self.alive(host, heard);
                }
            }
            Deed::Wish { .. }
            | Deed::Reset { .. }
            | Deed::Sell
            | Deed::DropHost { .. }
            | Deed::DropSeat { .. }
            | Deed::Suspended { .. } => {}
        }
        Ok(())
    }

    /// The machine is set back to its last snapshot.
    fn revert(&mut self, host: usize, with_memory: bool) -> Result<(), Broken> {
        let at = self.at;
        let Some((taken, saved)) = self.snapshots[host].take() else { return Ok(()) };
        if with_memory && saved.daemon.is_some() {
            self.hosts[host].revive(&saved, at.0.saturating_sub(taken.0));
            return self.settle(host);
        }
        self.stop_host(host);
        let mut saved = *saved;
        saved.stop(taken);
        self.hosts[host].machine = saved.machine;
        self.hosts[host].machine.disk.room = None;
        self.hosts[host].may_be_unaware = true;
        self.boot_later(host, 30 * SECOND);
        Ok(())
    }

    /// A second machine with everything that is on the disk of the first.
    fn copy(&mut self, host: usize, same_hardware: bool) {
        let (at, public) = (self.at, self.hosts[host].machine.public);
        let mut copy = self.hosts[host].clone();
        copy.stop(at);
        copy.machine.disk.room = None;
        if !same_hardware {
            copy.machine.hardware = self.chance.u64(1000..);
        }
        self.oracle.copied(&public, same_hardware);
        let copy = self.add_host(copy);
        self.boot_later(copy, 60 * SECOND);
    }

    fn wish(&mut self, host: usize, wish: Wish) -> Result<(), Broken> {
        let call = match wish {
            Wish::Register => Call::Register(Registration {
                company: format!("Company {host}"),
                email: format!("company{host}@example.com"),
                contact: "A person".to_owned(),
                phone: None,
                tax_id: None,
            }),
            Wish::Activate { number } => {
                let Some(number) = self.number(number) else { return Ok(()) };
                Call::Activate { number }
            }
            Wish::Recheck => Call::CheckIn,
            Wish::Capture { feature, reclaim } => Call::Capture { feature, holder: None, reclaim },
            Wish::Release { feature } => {
                let session = self.hosts[host].daemon.as_ref().and_then(|daemon| daemon.session(feature));
                let Some(session) = session else { return Ok(()) };
                Call::Release { session }
            }
            Wish::Coupon => Call::Coupon { coupon: self.coupon.clone() },
        };
        self.ask(host, call)
    }

    fn reset(&mut self, host: usize) -> Result<(), Broken> {
        let at = self.at;
        let Host { machine, daemon, is_suspended, .. } = &mut self.hosts[host];
        let (Some(daemon), false) = (daemon, *is_suspended) else { return Ok(()) };
        let done = daemon.reset(machine, at);
        self.alive(host, done)
    }

    /// The vendor sells what the run is about.
    fn sell(&mut self) -> Result<(), Broken> {
        let now = self.at.unix();
        self.server.issue_coupon(&self.coupon.clone(), ProductId(131), now);
        let ([bought, bases], days) = (self.plan.seats, self.plan.days);
        for index in 0..self.plan.numbers {
            let Some(number) = self.number(index) else {
                return Err(Broken("in fine weather a host cannot register".to_owned()));
            };
            for (product, seats, days) in [(81, bought, None), (11, bases, None), (96, 1, Some(days))] {
                let drawn = drawn(&mut self.chance)?;
                self.server.change(
                    |draft| grants::add(draft, &number, ProductId(product), seats, days, &drawn),
                    &mut self.oracle,
                    now,
                )?;
            }
        }
        Ok(())
    }

    fn drop_host(&mut self, host: usize) -> Result<(), Broken> {
        let (key, now) = (self.hosts[host].machine.public, self.at.unix());
        let rows = self.server.rows();
        let binding = rows.bindings.iter().find(|row| row.host == key && row.ended.is_none());
        let Some(number) = binding.and_then(|row| rows.customer(&row.customer)).map(|row| row.number.clone())
        else {
            return Ok(());
        };
        let which = Seats::Host(key.id());
        let dropped = |draft: &mut _| drop::drop(draft, &number, &which, Purpose::Move);
        self.server.change(dropped, &mut self.oracle, now).map(drop)
    }

    fn drop_seat(&mut self, index: usize, for_good: bool) -> Result<(), Broken> {
        let (rows, now) = (self.server.rows(), self.at.unix());
        let Some(seat) = rows.seats.get(index) else { return Ok(()) };
        let Some(number) = rows.customer(&seat.customer).map(|row| row.number.clone()) else { return Ok(()) };
        let which = Seats::Session(seat.session.clone());
        let purpose = if for_good { Purpose::Move } else { Purpose::FreeOnly };
        let dropped = |draft: &mut _| drop::drop(draft, &number, &which, purpose);
        self.server.change(dropped, &mut self.oracle, now).map(drop)
    }

    fn suspend(&mut self, index: usize, is: bool) -> Result<(), Broken> {
        let (Some(number), now) = (self.number(index), self.at.unix()) else { return Ok(()) };
        let change = |draft: &mut _| {
            if is {
                customer::suspend(draft, &number).map(|_| ())
            } else {
                customer::reinstate(draft, &number).map(|_| ())
            }
        };
        self.server.change(change, &mut self.oracle, now).map(drop)
    }
}
