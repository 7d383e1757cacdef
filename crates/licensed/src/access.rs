//! What each request may do, does, and is answered.

mod would_capture;

use std::{fmt, sync::Arc};

use license_core::{
    api::{Call, MAX_METRIC_LEN, MAX_METRICS, Metrics},
    state::State,
    statement::MAX_FEATURES,
};
use license_ipc::{Answer, Captured, Configuration, ErrorKind, LicenseInfo, Request, Right};
use license_texts::{Language, Text, text};
use license_types::{Entitlement, FeatureId, Holder, RegistrationNumber, SessionId, Verdict};
use peer_cred::PeerCred;
use tracing::warn;

pub use self::would_capture::Questions;
use crate::{
    config::Limits,
    event, features, identity,
    keeper::{Handle, Success},
    ping::Pinger,
    reload::Reloader,
    reply::{Done, Failure},
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
    pub host: identity::Report,
    /// Sees whether the license server answers.
    pub pinger: Pinger<HttpTransport>,
    /// How often readers ask the license server what a capture would come to.
    pub questions: Questions,
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

    /// Does what `peer` asks for, if it may. The sentences of the answer are in `language`.
    pub async fn answer(&self, request: Request, peer: &PeerCred, language: Language) -> Answer {
        let result = match request.right() {
            Right::Admin if !self.is_admin(peer) => Err(not_permitted(&request, peer)),
            Right::Admin | Right::Read => self.perform(request, peer, language).await,
        };
        result.unwrap_or_else(|failure| Answer::Error(failure.to(language)))
    }

    async fn perform(
        &self,
        request: Request,
        peer: &PeerCred,
        language: Language,
    ) -> Result<Answer, Failure> {
        let now = self.keeper.now();
        let told = |done: Done| Answer::Done(done.to(language));
        match request {
            Request::Check { feature, holder } => {
                Ok(Answer::Entitlement(self.check(feature, holder.as_ref(), language)))
            }
            Request::CheckMany { features } if features.len() > MAX_FEATURES => {
                Err(Failure::plain(ErrorKind::TooLarge, text!("too-many-features", most = MAX_FEATURES)))
            }
            Request::CheckMany { features } => {
                let snapshot = self.keeper.snapshot();
                let check = |feature| snapshot.state.entitlement(feature, None, language, now);
                Ok(Answer::Entitlements(features.into_iter().map(check).collect()))
            }
            Request::Ensure { feature } => {
                self.ensure(feature, peer, language).await.map(Answer::Entitlement)
            }
            Request::Capture { feature, holder, reclaim } => {
                self.capture(feature, holder, reclaim, peer, language).await.map(Answer::Captured)
            }
            Request::Release { session } => self.release(session, peer).await.map(told),
            Request::Status => {
                Ok(Answer::Status(Box::new(status::report(&self.keeper.snapshot(), language, now))))
            }
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
                let call = Call::Activate { number: key };
                self.change(call, peer.uid, text!("number-activated")).await.map(told)
            }
            Request::ActivateCoupon { coupon } => {
                self.change(Call::Coupon { coupon }, peer.uid, text!("coupon-activated")).await.map(told)
            }
            Request::AddTrial { product } => {
                let done = text!("trial-added", product = product);
                self.change(Call::Trial { product }, peer.uid, done).await.map(told)
            }
            Request::Reset => {
                self.keeper.reset().await?;
                let is_told = self.keeper.is_reset_told().await;
                let warnings = (!is_told).then(|| text!("reset-is-told-later")).into_iter().collect();
                Ok(told(Done { message: text!("number-forgotten"), warnings }))
            }
            Request::Recheck => {
                let success = self.keeper.call(Call::CheckIn, peer.uid).await?;
                if let Some(refusal) = success.snapshot.state.refusal() {
                    let (code, message) = (Some(refusal.code), refusal.said());
                    return Err(Failure { kind: ErrorKind::Refused, code, message });
                }
                let message = status::line(&success.snapshot, self.keeper.now());
                Ok(told(Done { message, warnings: success.warnings }))
            }
            Request::Reload => self.reloader.reload(&self.keeper).await.map(told),
            Request::Features { cursor } => {
                features::page(&self.keeper.snapshot(), cursor, language, now).map(Answer::Features)
            }
            Request::Explain { feature } => {
                let explanation = features::explanation(&self.keeper.snapshot(), feature, language, now);
                Ok(Answer::Explanation(Box::new(explanation)))
            }
            Request::SendMetrics { metrics } => self.send_metrics(metrics, peer.uid).await.map(told),
            // The connection follows the changes itself: they are many answers.
            Request::Watch => Err(Failure::plain(ErrorKind::Malformed, text!("watch-is-alone"))),
            Request::Metrics => {
                let text = self.keeper.metrics().text(&self.keeper.snapshot(), now);
                text.map(|text| Answer::Metrics { text }).map_err(|fmt::Error| uncounted())
            }
            Request::Host => Ok(Answer::Host(self.host.to(language))),
            Request::Deprovision => {
                warn!(uid = peer.uid, pid = peer.pid, "this host is to be removed");
                let warnings = self.keeper.deprovision().await?;
                Ok(told(Done { message: text!("deprovisioned"), warnings }))
            }
            // The connection took note of it.
            Request::Language { .. } => {
                let (message, warnings) = (String::new(), Vec::new());
                Ok(Answer::Done(license_ipc::Done { message, warnings }))
            }
            Request::Configuration => {
                let configuration = self.reloader.configuration();
                Ok(Answer::Configuration(Box::new(Configuration::clone(&configuration))))
            }
            Request::WouldCapture { feature, holder } => {
                self.would_capture(feature, holder, peer, language).await.map(told)
            }
            Request::Ping => {
                let moment = Moment::of(&self.keeper.snapshot().state, now);
                self.pinger.ping(self.keeper.exchange(), moment, language).await.map(Answer::Ping)
            }
        }
    }

    fn check(&self, feature: FeatureId, holder: Option<&Holder>, language: Language) -> Entitlement {
        self.keeper.snapshot().state.entitlement(feature, holder, language, self.keeper.now())
    }

    /// Check; if not granted, take a seat if one is free.
    async fn ensure(
        &self,
        feature: FeatureId,
        peer: &PeerCred,
        language: Language,
    ) -> Result<Entitlement, Failure> {
        let found = self.check(feature, None, language);
        let could_be_taken = found.seats.is_some_and(license_types::Seats::is_free);
        if !matches!(found.verdict, Verdict::Denied { .. }) || !could_be_taken {
            return Ok(found);
        }
        self.admit_seat(peer)?;
        let call = Call::Capture { feature, holder: None, reclaim: false };
        match self.keeper.call_automatically(call, peer.uid).await {
            Ok(success) => Ok(self.entitlement_in(&success, feature, None, language)),
            // The license server itself said no, by its code; what it said before stands.
            Err(Failure { kind: ErrorKind::Refused, code: Some(_), .. }) => Ok(found),
            // A seat is free and could not be asked for: that is no "no".
            Err(failure @ Failure { kind: ErrorKind::NoAnswer, code: Some(code), .. }) => {
                let snapshot = self.keeper.snapshot();
                let state: &State = &snapshot.state;
                let now = self.keeper.now();
                let since = state.unix_at(state.contact.offline_since.unwrap_or(now.age), now);
                let verdict = Verdict::Indeterminate { code, since, may_run: false };
                Ok(Entitlement { verdict, message: failure.sentence().to(language), ..found })
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
        language: Language,
    ) -> Result<Captured, Failure> {
        let found = self.check(feature, holder.as_ref(), language);
        if let (Verdict::Granted { .. }, Some(session)) = (&found.verdict, &found.session) {
            return Ok(Captured { session: session.clone(), entitlement: found });
        }
        self.admit_seat(peer)?;
        let call = Call::Capture { feature, holder: holder.clone(), reclaim };
        let success = self.keeper.call(call, peer.uid).await?;
        let entitlement = self.entitlement_in(&success, feature, holder.as_ref(), language);
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
        Err(Failure::plain(ErrorKind::NotPermitted, text!("too-many-seats")))
    }

    fn entitlement_in(
        &self,
        success: &Success,
        feature: FeatureId,
        holder: Option<&Holder>,
        language: Language,
    ) -> Entitlement {
        success.snapshot.state.entitlement(feature, holder, language, self.keeper.now())
    }

    async fn release(&self, session: SessionId, peer: &PeerCred) -> Result<Done, Failure> {
        let snapshot = self.keeper.snapshot();
        if !snapshot.state.has(&session) {
            return Err(Failure::plain(ErrorKind::Refused, text!("no-such-seat", session = &session)));
        }
        let is_own = snapshot.state.owners.get(&session) == Some(&peer.uid);
        if !is_own && !self.is_admin(peer) {
            return Err(not_permitted(&Request::Release { session }, peer));
        }
        match self.keeper.release(session, peer.uid).await {
            Ok(success) => Ok(Done { message: text!("seat-released"), warnings: success.warnings }),
            Err(failure @ Failure { kind: ErrorKind::NoAnswer, .. }) => Ok(Done {
                message: text!("seat-released-here"),
                warnings: vec![text!("release-is-told-later", why = failure.sentence())],
            }),
            Err(failure) => Err(failure),
        }
    }

    async fn license_info_of(&self, number: RegistrationNumber, uid: u32) -> Result<LicenseInfo, Failure> {
        let success = self.keeper.call(Call::LicenseInfo { number }, uid).await?;
        let license = success.license.ok_or_else(|| Failure {
            kind: ErrorKind::NoAnswer,
            code: Some(license_types::Code::NO_ANSWER),
            message: text!("answer-without-license"),
        })?;
        Ok(LicenseInfo {
            number: license.number.as_str().to_owned(),
            customer: license.customer,
            products: license.products,
            as_of: self.keeper.now().wall,
        })
    }

    async fn send_metrics(&self, metrics: Metrics, uid: u32) -> Result<Done, Failure> {
        let fits = |text: &String| text.len() <= MAX_METRIC_LEN;
        if metrics.len() > MAX_METRICS || !metrics.iter().all(|(name, value)| fits(name) && fits(value)) {
            let message = text!("too-many-metrics", most = MAX_METRICS, longest = MAX_METRIC_LEN);
            return Err(Failure::plain(ErrorKind::TooLarge, message));
        }
        self.change(Call::SendMetrics { metrics }, uid, text!("metrics-sent")).await
    }

    async fn change(&self, call: Call, uid: u32, message: Text) -> Result<Done, Failure> {
        let success = self.keeper.call(call, uid).await?;
        Ok(Done { message, warnings: success.warnings })
    }
}

fn not_permitted(request: &Request, peer: &PeerCred) -> Failure {
    warn!(
        message_id = event::NOT_PERMITTED,
        uid = peer.uid,
        pid = peer.pid,
        request = request.name(),
        "refused: not permitted"
    );
    let message = text!("not-permitted", uid = peer.uid, request = request.name());
    Failure::plain(ErrorKind::NotPermitted, message)
}

/// The answer came, and a reset after it.
fn overtaken() -> Failure {
    Failure::plain(ErrorKind::Overtaken, text!("undone-at-once"))
}

/// Text can always be written into memory, and its writer may fail all the same.
fn uncounted() -> Failure {
    Failure::plain(ErrorKind::Busy, text!("counts-not-written"))
}

/// Shared by every connection.
pub type SharedAccess = Arc<Access>;
