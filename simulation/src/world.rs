//! The heap of events, and what each of them does.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    fmt,
};

use license_core::{
    api::Call,
    crypto::PublicKey,
    outcome::{HttpAnswer, Outcome},
    state::Held,
};
use license_texts::Language;
use license_types::{Coupon, RegistrationNumber};

use crate::{
    clock::{MINUTE, Moment, SECOND},
    daemon::{Died, Heard, Sent},
    host::Host,
    network::{self, CALL_TIMEOUT, Weather},
    oracle::{Broken, Oracle},
    plan::{Deed, FEATURES, Plan},
    server::{Parcel, Server, signing_key, text},
    trace::Trace,
};

/// What comes next.
enum Happening {
    /// A daemon looks at its clock.
    Wake { host: usize, alarm: u64 },
    /// A call reaches the license server; if somebody waits for the answer, who, and what becomes of it.
    Arrive { parcel: Box<Parcel>, answer_to: Option<(usize, u64)>, weather: Weather },
    /// A call of a host comes to an end.
    Heard { host: usize, attempt: u64, heard: Heard },
    /// The machine is switched on.
    Boot { host: usize },
    /// The daemon is started again.
    Start { host: usize },
    /// The machine wakes up.
    Resume { host: usize },
    /// Something from outside.
    Deed(Deed),
}

/// How much of what there was in a run, so that a proof of nothing is seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events.
    pub events: u64,
    /// Calls that hosts made.
    pub calls: u64,
    /// Statements that hosts accepted.
    pub statements: u64,
    /// Faults.
    pub faults: u64,
    /// Copies that were made and found.
    pub copies: u64,
    /// Verdicts that were looked at.
    pub verdicts: u64,
}

impl Counts {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.events += other.events;
        self.calls += other.calls;
        self.statements += other.statements;
        self.faults += other.faults;
        self.copies += other.copies;
        self.verdicts += other.verdicts;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, calls, statements, faults, copies, verdicts } = self;
        write!(
            f,
            "{events} events, {faults} faults, {calls} calls, {statements} statements, {verdicts} verdicts, \
             {copies} copies found"
        )
    }
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) at: Moment,
    heap: BinaryHeap<Reverse<(Moment, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    sequence: u64,
    pub(crate) chance: fastrand::Rng,
    pub(crate) hosts: Vec<Host>,
    pub(crate) server: Server,
    pub(crate) oracle: Oracle,
    pub(crate) trace: Trace,
    pub(crate) counts: Counts,
    pub(crate) down_until: Moment,
    pub(crate) faults_end: Moment,
    /// The last answer on each host's wire.
    answers: Vec<Option<HttpAnswer>>,
    /// What came while a machine slept.
    postponed: Vec<(usize, u64, Heard)>,
    pub(crate) snapshots: Vec<Option<(Moment, Box<Host>)>>,
    pub(crate) plan: Plan,
    pub(crate) coupon: Coupon,
}

impl World {
    pub(crate) fn new(seed: u64, is_traced: bool) -> Result<Self, Broken> {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut plan = Plan::draw(&mut chance);
        let server = Server::new(&mut chance)?;
        let hosts: Vec<Host> =
            (0..plan.hosts).map(|hardware| Host::new(signing_key(&mut chance), hardware as u64)).collect();
        let coupon = text(Coupon::PREFIX, &mut chance)?;
        let deeds = std::mem::take(&mut plan.deeds);
        let mut world = Self {
            at: Moment::default(),
            heap: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            sequence: 0,
            answers: vec![None; hosts.len()],
            snapshots: hosts.iter().map(|_| None).collect(),
            hosts,
            server,
            oracle: Oracle::default(),
            trace: Trace { is_on: is_traced, lines: Vec::new() },
            counts: Counts::default(),
            down_until: Moment::default(),
            faults_end: plan.faults_end,
            postponed: Vec::new(),
            plan,
            coupon,
            chance,
        };
        for host in 0..world.hosts.len() {
            world.push(Moment(0), Happening::Boot { host });
        }
        for (at, deed) in deeds {
            world.push(at, Happening::Deed(deed));
        }
        Ok(world)
    }

    fn push(&mut self, at: Moment, happening: Happening) {
        self.sequence += 1;
        self.happenings.insert(self.sequence, happening);
        self.heap.push(Reverse((at, self.sequence)));
    }

    pub(crate) fn boot_later(&mut self, host: usize, after: u64) {
        self.push(self.at.after(after), Happening::Boot { host });
    }

    pub(crate) fn start_later(&mut self, host: usize, after: u64) {
        self.push(self.at.after(after), Happening::Start { host });
    }

    pub(crate) fn resume_later(&mut self, host: usize, after: u64) {
        self.push(self.at.after(after), Happening::Resume { host });
    }

    pub(crate) fn deed_later(&mut self, deed: Deed, after: u64) {
        self.push(self.at.after(after), Happening::Deed(deed));
    }

    /// A machine that was made while the world ran.
    pub(crate) fn add_host(&mut self, host: Host) -> usize {
        self.hosts.push(host);
        self.answers.push(None);
        self.snapshots.push(None);
        self.hosts.len() - 1
    }

    /// What is on its way and nobody waits for gets lost.
    pub(crate) fn lose_what_is_late(&mut self) {
        self.happenings
            .retain(|_, happening| !matches!(happening, Happening::Arrive { answer_to: None, .. }));
    }

    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        self.trace.say(self.at, line);
    }

    /// Goes on until a moment.
    pub(crate) fn run_until(&mut self, until: Moment) -> Result<(), Broken> {
        while let Some(Reverse((at, sequence))) = self.heap.peek().copied()
            && at <= until
        {
            self.heap.pop();
            self.at = at;
            self.counts.events += 1;
            if let Some(happening) = self.happenings.remove(&sequence) {
                self.happen(happening)?;
            }
        }
        self.at = until;
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Broken> {
        let at = self.at;
        match happening {
            Happening::Wake { host, alarm } if self.hosts[host].alarm == alarm => self.settle(host),
            Happening::Wake { .. } => Ok(()),
            Happening::Arrive { parcel, answer_to, weather } => self.arrive(&parcel, answer_to, weather),
            Happening::Heard { host, attempt, heard } if self.hosts[host].is_suspended => {
                self.postponed.push((host, attempt, heard));
                Ok(())
            }
            Happening::Heard { host, attempt, heard } => self.heard(host, attempt, heard),
            Happening::Boot { host } | Happening::Start { host } if self.hosts[host].daemon.is_some() => {
                Ok(())
            }
            Happening::Boot { host } => {
                self.say(|| format!("host {host}: switched on"));
                let booted = self.hosts[host].boot(at, &mut self.chance);
                self.alive(host, booted)
            }
            Happening::Start { host } => {
                self.say(|| format!("host {host}: the daemon starts"));
                let started = self.hosts[host].start(at, &mut self.chance);
                self.alive(host, started)
            }
            Happening::Resume { host } => self.resume(host),
            Happening::Deed(deed) => self.deed(deed),
        }
    }

    /// The daemon of a host stops without a warning.
    pub(crate) fn stop_host(&mut self, host: usize) {
        self.hosts[host].stop(self.at);
        if self.hosts[host].went_back {
            self.oracle.went_back(&self.hosts[host].machine.public);
        }
    }

    /// Goes on with a host, or has it start again if it stopped in the middle of what it did.
    pub(crate) fn alive(&mut self, host: usize, done: Result<(), Died>) -> Result<(), Broken> {
        if done == Err(Died) {
            self.say(|| format!("host {host}: stopped in the middle of a write"));
            self.stop_host(host);
            self.hosts[host].machine.disk.dies_after = None;
            let (after, is_boot) = (self.chance.u64(SECOND..5 * MINUTE), self.chance.bool());
            if is_boot {
                self.boot_later(host, after);
            } else {
                self.start_later(host, after);
            }
            return Ok(());
        }
        self.forget_later_snapshot(host);
        self.settle(host)
    }

    /// Whoever goes back to what was before the snapshot is not set to the snapshot after that: a machine that goes
    /// to and fro between two branches of its past looks like two (docs/decisions/0006-copies.md).
    fn forget_later_snapshot(&mut self, host: usize) {
        let serial = |host: &Host| host.daemon.as_ref().map(|daemon| daemon.state.serial);
        let saved = self.snapshots[host].as_ref().and_then(|(_, saved)| serial(saved));
        if serial(&self.hosts[host]).is_some_and(|now| saved.is_some_and(|saved| now < saved)) {
            self.snapshots[host] = None;
        }
    }

    fn resume(&mut self, host: usize) -> Result<(), Broken> {
        if !self.hosts[host].is_suspended {
            return Ok(());
        }
        self.say(|| format!("host {host}: wakes up"));
        self.hosts[host].is_suspended = false;
        let (mine, others) = std::mem::take(&mut self.postponed).into_iter().partition(|row| row.0 == host);
        self.postponed = others;
        for (host, attempt, heard) in Vec::from_iter::<Vec<_>>(mine) {
            self.push(self.at.after(SECOND), Happening::Heard { host, attempt, heard });
        }
        self.settle(host)
    }

    /// Has the daemon start what is to be started, sets its alarm, and looks at its verdicts.
    pub(crate) fn settle(&mut self, host: usize) -> Result<(), Broken> {
        let at = self.at;
        let Host { machine, daemon, is_suspended, .. } = &mut self.hosts[host];
        let (Some(daemon), false) = (daemon, *is_suspended) else { return Ok(()) };
        match daemon.start_next(machine, at, &mut self.chance) {
            Ok(Some(sent)) => self.send(host, sent),
            Ok(None) => {}
            Err(died) => return self.alive(host, Err(died)),
        }
        let Host { machine, daemon, alarm, .. } = &mut self.hosts[host];
        *alarm += 1;
        let alarm = *alarm;
        if let Some(at) = daemon.as_ref().and_then(|daemon| daemon.wakes_at(machine, at)) {
            self.push(at, Happening::Wake { host, alarm });
        }
        self.verdicts(host)
    }

    fn verdicts(&mut self, host: usize) -> Result<(), Broken> {
        let Host { machine, daemon, .. } = &self.hosts[host];
        let Some(daemon) = daemon else { return Ok(()) };
        let (now, held) = (daemon.now(machine, self.at), daemon.state.held());
        for feature in FEATURES {
            let verdict = daemon.state.entitlement(feature, None, Language::English, now).verdict;
            self.counts.verdicts += 1;
            let held = held.map(Held::statement);
            self.oracle
                .verdict(&machine.public, held, feature, &verdict)
                .map_err(|broken| Broken(format!("host {host}: {broken}")))?;
        }
        Ok(())
    }

    /// A call leaves its host.
    #[allow(clippy::wildcard_enum_match_arm, reason = "each arm has its weather by name")]
    fn send(&mut self, host: usize, Sent { attempt, prepared }: Sent) {
        let at = self.at;
        self.counts.calls += 1;
        let weather = self.hosts[host].weather(at).of_call(&mut self.chance);
        self.say(|| {
            let (path, serial) = (prepared.call.path(), prepared.serial);
            format!("host {host}: asks {path} holding {serial} (attempt {attempt}), the network: {weather:?}")
        });
        let parcel = Box::new(Parcel { key: self.hosts[host].machine.key.clone(), prepared });
        let there = at.after(network::latency(&mut self.chance));
        let timeout = at.after(CALL_TIMEOUT);
        let late = there.after(network::lateness(&mut self.chance));
        let gets_through = self.chance.bool();
        let nothing = |maybe_delivered| Heard::Nothing { maybe_delivered };
        let unheard = |parcel| Happening::Arrive { parcel, answer_to: None, weather };
        let heard = |heard| Happening::Heard { host, attempt, heard };
        match weather {
            Weather::Fine | Weather::Mixed | Weather::CutsAnswers | Weather::FlipsBits => {
                self.push(there, Happening::Arrive { parcel, answer_to: Some((host, attempt)), weather });
            }
            Weather::RepeatsRequests => {
                self.push(late, unheard(parcel.clone()));
                self.push(there, Happening::Arrive { parcel, answer_to: Some((host, attempt)), weather });
            }
            Weather::Partition => self.push(at.after(5 * SECOND), heard(nothing(false))),
            Weather::LosesRequests => self.push(timeout, heard(nothing(true))),
            Weather::LosesAnswers => {
                self.push(there, unheard(parcel));
                self.push(timeout, heard(nothing(true)));
            }
            Weather::Delays => {
                self.push(late, unheard(parcel));
                self.push(timeout, heard(nothing(true)));
            }
            Weather::Portal | Weather::BadProxy | Weather::Impostor | Weather::RepeatsAnswers => {
                self.hosts[host].may_be_unaware |= parcel.prepared.call == Call::Drop;
                if gets_through && weather != Weather::Portal {
                    self.push(there, unheard(parcel));
                }
                let answer = match weather {
                    Weather::BadProxy => network::bad_proxy(&mut self.chance),
                    Weather::Impostor => network::impostor(&mut self.chance),
                    Weather::RepeatsAnswers => {
                        let of = self.chance.usize(..self.answers.len());
                        self.answers[of].clone().unwrap_or_else(network::portal)
                    }
                    _ => network::portal(),
                };
                self.push(there.after(SECOND), heard(Heard::Answer(answer)));
            }
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "other weather does nothing to an answer")]
    fn arrive(
        &mut self,
        parcel: &Parcel,
        answer_to: Option<(usize, u64)>,
        weather: Weather,
    ) -> Result<(), Broken> {
        let back = self.at.after(network::latency(&mut self.chance));
        if self.at < self.down_until {
            if let Some((host, attempt)) = answer_to {
                let heard = Heard::Nothing { maybe_delivered: false };
                self.push(back, Happening::Heard { host, attempt, heard });
            }
            return Ok(());
        }
        let now = self.at.unix();
        let answer = self.server.answer(parcel, &mut self.oracle, now, &mut self.chance);
        let answer = answer.map_err(|broken| {
            let host = self.hosts.iter().position(|host| host.machine.key == parcel.key);
            let path = parcel.prepared.call.path();
            Broken(format!("{path} of host {host:?}, which held {}: {broken}", parcel.prepared.serial))
        })?;
        self.say(|| {
            let (key, serial) = (PublicKey::of(&parcel.key).id(), parcel.prepared.serial);
            let (path, status) = (parcel.prepared.call.path(), answer.status);
            format!("server: {path} of key {key} holding {serial}: {status}")
        });
        if let Some((host, attempt)) = answer_to {
            self.answers[host] = Some(answer.clone());
            let answer = match weather {
                Weather::CutsAnswers => network::cut(answer, &mut self.chance),
                Weather::FlipsBits => network::flipped(answer, &mut self.chance),
                _ => answer,
            };
            self.push(back, Happening::Heard { host, attempt, heard: Heard::Answer(answer) });
        }
        Ok(())
    }

    fn heard(&mut self, host: usize, attempt: u64, heard: Heard) -> Result<(), Broken> {
        let (at, root) = (self.at, self.server.root);
        let Host { machine, daemon: Some(daemon), .. } = &mut self.hosts[host] else { return Ok(()) };
        let ended = daemon.end(machine, attempt, heard, root, at, &mut self.chance);
        if let Ok(Some(outcome)) = &ended {
            if let Outcome::Statement(_) = outcome {
                self.counts.statements += 1;
                self.hosts[host].answers_since_end += 1;
            }
            self.say(|| format!("host {host}: {}", described(outcome)));
        }
        self.alive(host, ended.map(drop))
    }

    /// The call of a wish.
    pub(crate) fn number(&self, index: usize) -> Option<RegistrationNumber> {
        self.server.rows().customers.get(index).map(|customer| customer.number.clone())
    }

    /// A daemon is asked for something, if it runs.
    pub(crate) fn ask(&mut self, host: usize, call: Call) -> Result<(), Broken> {
        let at = self.at;
        let Host { machine, daemon, is_suspended, .. } = &mut self.hosts[host];
        if let (Some(daemon), false) = (daemon, *is_suspended) {
            daemon.ask(machine, call, at);
        }
        self.settle(host)
    }
}

fn described(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Statement(accepted) => {
            let kind = match &accepted.statement.kind {
                license_core::statement::Kind::Lease(lease) => {
                    let granted = lease.features.iter().filter(|row| row.refusal.is_none());
                    format!("a lease of {:?}", granted.map(|row| row.feature.0).collect::<Vec<_>>())
                }
                license_core::statement::Kind::Refusal(refusal) => format!("a refusal, {}", refusal.code),
            };
            format!("statement {}: {kind}", accepted.statement.serial)
        }
        Outcome::Done(_) => "done".to_owned(),
        Outcome::Refused(problem) => format!("refused: {:?} {}", problem.code, problem.detail),
        Outcome::NoAnswer(why) => format!("no answer: {}", why.message.to(Language::English)),
    }
}
