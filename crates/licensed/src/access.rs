//! What each request may do, does, and is answered.

mod would_capture;

use std::{fmt, sync::Arc};

use license_core::{
    api::{Call, MAX_METRIC_LEN, MAX_METRICS, Metrics},
    state::State,
    statement::MAX_FEATURES,
};
use license_ipc::{
    Answer, Captured, Configuration, Done, ErrorKind, Failure, HostReport, LicenseInfo, Request, Right,
};
use license_types::{Entitlement, FeatureId, Holder, RegistrationNumber, SessionId, Verdict};
use peer_cred::PeerCred;
use tracing::warn;

use crate::{
    config::Limits,
    event, features,
    keeper::{Handle, Success},
    ping::Pinger,
    reload::Reloader,
    status,
    transport::{HttpTransport, Moment},
};

/// What the handlers of all connections share.
#[derive(Debug)]
pub struct Access {
    /// The keeper.
    pub keeper: Handle<HttpTransport>,
    /// Reads the configuration again.
    pub reloader: Reloader,
    /// What tells this host from others.
    pub host: HostReport,
    /// Sees whether the license server answers.
    pub pinger: Pinger<HttpTransport>,
    /// The admin group; `None` where it does not exist.
    pub admin_gid: Option<u32>,
}

impl Access {
    /// Whether the peer may change things: root, members of the admin group, and the daemon's own user,
    /// who could as well write its state.
    fn is_admin(&self, peer: &PeerCred) -> bool {
        peer.uid == 0
            || peer.uid == peer_cred::own_uid()
            || self.admin_gid.is_some_and(|gid| peer.is_in_group(gid))
    }

    /// What clients may take now.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.keeper.snapshot().limits
    }

    /// Does what `peer` asks for, if it may.
    pub async fn answer(&self, request: Request, peer: &PeerCred) -> Answer {
        let result = match request.right() {
            Right::Admin if !self.is_admin(peer) => Err(not_permitted(&request, peer)),
            Right::Admin | Right::Read => self.perform(request, peer).await,
        };
        result.unwrap_or_else(Answer::Error)
    }

    async fn perform(&self, request: Request, peer: &PeerCred) -> Result<Answer, Failure> {
        let now = self.keeper.now();
        match request {
            Request::Check { feature, holder } => {
                Ok(Answer::Entitlement(self.check(feature, holder.as_ref())))
            }
            Request::CheckMany { features } if features.len() > MAX_FEATURES => {
                let message = format!("At most {MAX_FEATURES} features can be asked for at once.");
                Err(Failure { kind: ErrorKind::TooLarge, code: None, message })
            }
            Request::CheckMany { features } => {
                let snapshot = self.keeper.snapshot();
                let check = |feature| snapshot.state.entitlement(feature, None, now);
                Ok(Answer::Entitlements(features.into_iter().map(check).collect()))
            }
            Request::Ensure { feature } => self.ensure(feature, peer).await.map(Answer::Entitlement),
            Request::Capture { feature, holder, reclaim } => {
                self.capture(feature, holder, reclaim, peer).await.map(Answer::Captured)
            }
            Request::Release { session } => self.release(session, peer).await.map(Answer::Done),
            Request::Status => Ok(Answer::Status(Box::new(status::report(&self.keeper.snapshot(), now)))),
            Request::LicenseInfo { key: None } => {
                status::license_info(&self.keeper.snapshot(), self.is_admin(peer)).map(Answer::LicenseInfo)
            }
            Request::LicenseInfo { key: Some(number) } => {
                self.license_info_of(number, peer.uid).await.map(Answer::LicenseInfo)
            }
            Request::Register(registration) => {
                let success = self.keeper.call(Call::Register(registration), peer.uid).await?;
                let number = success.snapshot.state.number().cloned();
                number.map(|number| Answer::Registered { number }).ok_or_else(overtaken)
            }
            Request::Activate { key } => {
                let done = "The registration number is activated on this host.";
                self.change(Call::Activate { number: key }, peer.uid, done).await
            }
            Request::ActivateCoupon { coupon } => {
                self.change(Call::Coupon { coupon }, peer.uid, "The coupon is activated.").await
            }
            Request::AddTrial { product } => {
                let done = format!("The number holds product {product}, by this trial or from before.");
                self.change(Call::Trial { product }, peer.uid, &done).await
            }
            Request::Reset => {
                let is_away = self.keeper.snapshot().state.contact.offline_since.is_some();
                self.keeper.reset().await?;
                let told = "The license server is told as soon as it can be reached; until then it counts the seats.";
                let warnings = is_away.then(|| told.to_owned()).into_iter().collect();
                Ok(done("The registration number is forgotten on this host.", warnings))
            }
            Request::Recheck => {
                let success = self.keeper.call(Call::CheckIn, peer.uid).await?;
                if let Some(refusal) = success.snapshot.state.refusal() {
                    let (code, message) = (Some(refusal.code), refusal.reason.clone());
                    return Err(Failure { kind: ErrorKind::Refused, code, message });
                }
                Ok(done(&status::line(&success.snapshot, self.keeper.now()), success.warnings))
            }
            Request::Reload => self.reloader.reload(&self.keeper).await.map(Answer::Done),
            Request::Features { cursor } => {
                features::page(&self.keeper.snapshot(), cursor, now).map(Answer::Features)
            }
            Request::Explain { feature } => {
                let explanation = features::explanation(&self.keeper.snapshot(), feature, now);
                Ok(Answer::Explanation(Box::new(explanation)))
            }
            Request::SendMetrics { metrics } => self.send_metrics(metrics, peer.uid).await,
            // The connection follows the changes itself: they are many answers.
            Request::Watch => {
                let message = "A watch is a connection of its own.".to_owned();
                Err(Failure { kind: ErrorKind::Malformed, code: None, message })
            }
            Request::Metrics => {
                let text = self.keeper.metrics().text(&self.keeper.snapshot(), now);
                text.map(|text| Answer::Metrics { text }).map_err(|fmt::Error| uncounted())
            }
            Request::Host => Ok(Answer::Host(self.host.clone())),
            Request::Deprovision => {
                warn!(uid = peer.uid, pid = peer.pid, "this host is to be removed");
                let warnings = self.keeper.deprovision().await?;
                Ok(done("Stopped; the next start makes a new host.", warnings))
            }
            // The connection took note of it.
            Request::Language { .. } => Ok(done("", Vec::new())),
            Request::Configuration => {
                let configuration = self.reloader.configuration();
                Ok(Answer::Configuration(Box::new(Configuration::clone(&configuration))))
            }
            Request::WouldCapture { feature, holder } => {
                self.would_capture(feature, holder, peer).await.map(Answer::Done)
            }
            Request::Ping => {
                let moment = Moment::of(&self.keeper.snapshot().state, now);
                self.pinger.ping(self.keeper.exchange(), moment).await.map(Answer::Ping)
            }
        }
    }

    fn check(&self, feature: FeatureId, holder: Option<&Holder>) -> Entitlement {
        self.keeper.snapshot().state.entitlement(feature, holder, self.keeper.now())
    }

    /// Check; if not granted, take a seat if one is free.
    async fn ensure(&self, feature: FeatureId, peer: &PeerCred) -> Result<Entitlement, Failure> {
        let found = self.check(feature, None);
        let could_be_taken = found.seats.is_some_and(license_types::Seats::is_free);
        if !matches!(found.verdict, Verdict::Denied { .. }) || !could_be_taken {
            return Ok(found);
        }
        self.admit_seat(peer)?;
        let call = Call::Capture { feature, holder: None, reclaim: false };
        match self.keeper.call_automatically(call, peer.uid).await {
            Ok(success) => Ok(self.entitlement_in(&success, feature, None)),
            // The license server itself said no, by its code; what it said before stands.
            Err(Failure { kind: ErrorKind::Refused, code: Some(_), .. }) => Ok(found),
            // A seat is free and could not be asked for: that is no "no".
            Err(Failure { kind: ErrorKind::NoAnswer, code: Some(code), message }) => {
                let snapshot = self.keeper.snapshot();
                let state: &State = &snapshot.state;
                let now = self.keeper.now();
                let since = state.unix_at(state.contact.offline_since.unwrap_or(now.age), now);
                let verdict = Verdict::Indeterminate { code, since, may_run: false };
                Ok(Entitlement { verdict, message: format!("({code}) {message}"), ..found })
            }
            Err(failure) => Err(failure),
        }
    }

    async fn capture(
        &self,
        feature: FeatureId,
        holder: Option<Holder>,
        reclaim: bool,
        peer: &PeerCred,
    ) -> Result<Captured, Failure> {
        let found = self.check(feature, holder.as_ref());
        if let (Verdict::Granted { .. }, Some(session)) = (&found.verdict, &found.session) {
            return Ok(Captured { session: session.clone(), entitlement: found });
        }
        self.admit_seat(peer)?;
        let call = Call::Capture { feature, holder: holder.clone(), reclaim };
        let success = self.keeper.call(call, peer.uid).await?;
        let entitlement = self.entitlement_in(&success, feature, holder.as_ref());
        let session = success.session.or_else(|| entitlement.session.clone()).ok_or_else(overtaken)?;
        Ok(Captured { session, entitlement })
    }

    /// Whether the peer may take one more seat.
    fn admit_seat(&self, peer: &PeerCred) -> Result<(), Failure> {
        let snapshot = self.keeper.snapshot();
        let most = snapshot.limits.seats_per_uid;
        let own = snapshot.state.owners.values().filter(|owner| **owner == peer.uid).count();
        if own < most || self.is_admin(peer) {
            return Ok(());
        }
        warn!(
            message_id = event::TOO_MANY_SEATS,
            uid = peer.uid,
            pid = peer.pid,
            seats = own,
            "refused: holds as many seats as one user may"
        );
        let message =
            "This user holds as many seats as one user may (limits.seats_per_uid). Release some, or take \
                       this one as an administrator."
                .to_owned();
        Err(Failure { kind: ErrorKind::NotPermitted, code: None, message })
    }

    fn entitlement_in(&self, success: &Success, feature: FeatureId, holder: Option<&Holder>) -> Entitlement {
        success.snapshot.state.entitlement(feature, holder, self.keeper.now())
    }

    async fn release(&self, session: SessionId, peer: &PeerCred) -> Result<Done, Failure> {
        let snapshot = self.keeper.snapshot();
        if !snapshot.state.has(&session) {
            let message = format!("This host holds no seat {session}.");
            return Err(Failure { kind: ErrorKind::Refused, code: None, message });
        }
        let is_own = snapshot.state.owners.get(&session) == Some(&peer.uid);
        if !is_own && !self.is_admin(peer) {
            return Err(not_permitted(&Request::Release { session }, peer));
        }
        match self.keeper.release(session, peer.uid).await {
            Ok(success) => {
                Ok(Done { message: "The seat is released.".to_owned(), warnings: success.warnings })
            }
            Err(failure @ Failure { kind: ErrorKind::NoAnswer, .. }) => Ok(Done {
                message: "The seat is released on this host.".to_owned(),
                warnings: vec![format!("The license server is told as soon as it can be reached: {failure}")],
            }),
            Err(failure) => Err(failure),
        }
    }

    async fn license_info_of(&self, number: RegistrationNumber, uid: u32) -> Result<LicenseInfo, Failure> {
        let success = self.keeper.call(Call::LicenseInfo { number }, uid).await?;
        let license = success.license.ok_or_else(|| Failure {
            kind: ErrorKind::NoAnswer,
            code: Some(license_types::Code::NO_ANSWER),
            message: "The license server answered without the license.".to_owned(),
        })?;
        Ok(LicenseInfo {
            number: license.number.as_str().to_owned(),
            customer: license.customer,
            products: license.products,
            as_of: self.keeper.now().wall,
        })
    }

    async fn send_metrics(&self, metrics: Metrics, uid: u32) -> Result<Answer, Failure> {
        let fits = |text: &String| text.len() <= MAX_METRIC_LEN;
        if metrics.len() > MAX_METRICS || !metrics.iter().all(|(name, value)| fits(name) && fits(value)) {
            let message = format!(
                "At most {MAX_METRICS} metrics can be sent at once, with names and values of up to \
                 {MAX_METRIC_LEN} bytes."
            );
            return Err(Failure { kind: ErrorKind::TooLarge, code: None, message });
        }
        self.change(Call::SendMetrics { metrics }, uid, "The metrics are sent.").await
    }

    async fn change(&self, call: Call, uid: u32, message: &str) -> Result<Answer, Failure> {
        let success = self.keeper.call(call, uid).await?;
        Ok(done(message, success.warnings))
    }
}

fn done(message: &str, warnings: Vec<String>) -> Answer {
    Answer::Done(Done { message: message.to_owned(), warnings })
}

fn not_permitted(request: &Request, peer: &PeerCred) -> Failure {
    warn!(
        message_id = event::NOT_PERMITTED,
        uid = peer.uid,
        pid = peer.pid,
        request = request.name(),
        "refused: not permitted"
    );
    let message = format!(
        "The user with id {} may not do this ({}). Run it as root, or join the admin group: \
         usermod -aG licensed-admin USER, then log in again.",
        peer.uid,
        request.name()
    );
    Failure { kind: ErrorKind::NotPermitted, code: None, message }
}

/// The answer came, and a reset after it.
fn overtaken() -> Failure {
    let message = "It was done, and undone by another request at once.".to_owned();
    Failure { kind: ErrorKind::Overtaken, code: None, message }
}

/// Text can always be written into memory, and its writer may fail all the same.
fn uncounted() -> Failure {
    let message = "The counts cannot be written as text.".to_owned();
    Failure { kind: ErrorKind::Busy, code: None, message }
}

/// Shared by every connection.
pub type SharedAccess = Arc<Access>;
