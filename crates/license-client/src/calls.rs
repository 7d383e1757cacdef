//! The typed calls, written once for both clients.

/// The value of the one answer that fits the request.
macro_rules! fitting {
    ($answer:expr, $fits:pat => $value:expr) => {{
        let answer = $answer;
        let name = answer.name();
        if let $fits = answer { Ok($value) } else { Err(ClientError::Unexpected { answer: name }) }
    }};
}

/// The methods of a client that has `request`; `async` and `.await` are given for the one that waits.
macro_rules! calls {
    ($($async:ident)?; $($await:tt)*) => {
        /// May this feature run? Answered from the daemon's memory; never takes a seat.
        pub $($async)? fn check(&mut self, feature: FeatureId) -> Result<Entitlement, ClientError> {
            let request = Request::Check { feature, holder: None };
            fitting!(self.request(&request)$($await)*?, Answer::Entitlement(found) => found)
        }

        /// [`Self::check`] of a per-user feature, for one user.
        pub $($async)? fn check_for(
            &mut self,
            feature: FeatureId,
            holder: Holder,
        ) -> Result<Entitlement, ClientError> {
            let request = Request::Check { feature, holder: Some(holder) };
            fitting!(self.request(&request)$($await)*?, Answer::Entitlement(found) => found)
        }

        /// [`Self::check`] for several features at once; the answers are in the order of `features`.
        pub $($async)? fn check_many(
            &mut self,
            features: Vec<FeatureId>,
        ) -> Result<Vec<Entitlement>, ClientError> {
            let request = Request::CheckMany { features };
            fitting!(self.request(&request)$($await)*?, Answer::Entitlements(found) => found)
        }

        /// Check, and take a seat if one is free: what a module asks when it is enabled.
        pub $($async)? fn ensure(&mut self, feature: FeatureId) -> Result<Entitlement, ClientError> {
            let request = Request::Ensure { feature };
            fitting!(self.request(&request)$($await)*?, Answer::Entitlement(found) => found)
        }

        /// Takes a seat. What is held already gives the same session again. With `reclaim` also one
        /// that this host was dropped from.
        pub $($async)? fn capture(
            &mut self,
            feature: FeatureId,
            holder: Option<Holder>,
            reclaim: bool,
        ) -> Result<Captured, ClientError> {
            let request = Request::Capture { feature, holder, reclaim };
            fitting!(self.request(&request)$($await)*?, Answer::Captured(seat) => seat)
        }

        /// Gives a seat back.
        pub $($async)? fn release(&mut self, session: SessionId) -> Result<Done, ClientError> {
            let request = Request::Release { session };
            fitting!(self.request(&request)$($await)*?, Answer::Done(done) => done)
        }

        /// How the daemon and its binding are.
        pub $($async)? fn status(&mut self) -> Result<Status, ClientError> {
            fitting!(self.request(&Request::Status)$($await)*?, Answer::Status(status) => *status)
        }

        /// What the license of this host holds; with a key, what *that* license holds (administrators
        /// only; binds nothing).
        pub $($async)? fn license_info(
            &mut self,
            key: Option<RegistrationNumber>,
        ) -> Result<LicenseInfo, ClientError> {
            let request = Request::LicenseInfo { key };
            fitting!(self.request(&request)$($await)*?, Answer::LicenseInfo(info) => info)
        }

        /// The features of the license after `cursor`, from the first if there is none: a page, with the cursor
        /// of the next.
        pub $($async)? fn features(
            &mut self,
            cursor: Option<FeatureId>,
        ) -> Result<FeaturePage, ClientError> {
            let request = Request::Features { cursor };
            fitting!(self.request(&request)$($await)*?, Answer::Features(page) => page)
        }

        /// What a capture would come to now: done, or the failure that it would meet. Takes no seat.
        pub $($async)? fn would_capture(
            &mut self,
            feature: FeatureId,
            holder: Option<Holder>,
        ) -> Result<Done, ClientError> {
            let request = Request::WouldCapture { feature, holder };
            fitting!(self.request(&request)$($await)*?, Answer::Done(done) => done)
        }

        /// What the daemon runs with, without secrets.
        pub $($async)? fn configuration(&mut self) -> Result<Configuration, ClientError> {
            let request = Request::Configuration;
            fitting!(self.request(&request)$($await)*?, Answer::Configuration(found) => *found)
        }

        /// Why this feature comes to what it comes to.
        pub $($async)? fn explain(&mut self, feature: FeatureId) -> Result<Explanation, ClientError> {
            let request = Request::Explain { feature };
            fitting!(self.request(&request)$($await)*?, Answer::Explanation(explanation) => *explanation)
        }

        /// Tells the license server how this host is used. Nothing depends on it.
        pub $($async)? fn send_metrics(
            &mut self,
            metrics: BTreeMap<String, String>,
        ) -> Result<Done, ClientError> {
            let request = Request::SendMetrics { metrics };
            fitting!(self.request(&request)$($await)*?, Answer::Done(done) => done)
        }

        /// Gets a registration number for a company and binds this host to it.
        pub $($async)? fn register(
            &mut self,
            company: Registration,
        ) -> Result<RegistrationNumber, ClientError> {
            let request = Request::Register(company);
            fitting!(self.request(&request)$($await)*?, Answer::Registered { number } => number)
        }

        /// Binds this host to a registration number.
        pub $($async)? fn activate(&mut self, key: RegistrationNumber) -> Result<Done, ClientError> {
            let request = Request::Activate { key };
            fitting!(self.request(&request)$($await)*?, Answer::Done(done) => done)
        }

        /// Activates a coupon.
        pub $($async)? fn activate_coupon(&mut self, coupon: Coupon) -> Result<Done, ClientError> {
            let request = Request::ActivateCoupon { coupon };
            fitting!(self.request(&request)$($await)*?, Answer::Done(done) => done)
        }

        /// Adds a trial of a product.
        pub $($async)? fn add_trial(&mut self, product: ProductId) -> Result<Done, ClientError> {
            let request = Request::AddTrial { product };
            fitting!(self.request(&request)$($await)*?, Answer::Done(done) => done)
        }

        /// Forgets the registration number on this host and frees its seats.
        pub $($async)? fn reset(&mut self) -> Result<Done, ClientError> {
            fitting!(self.request(&Request::Reset)$($await)*?, Answer::Done(done) => done)
        }

        /// Asks the license server now.
        pub $($async)? fn recheck(&mut self) -> Result<Done, ClientError> {
            fitting!(self.request(&Request::Recheck)$($await)*?, Answer::Done(done) => done)
        }

        /// Has the daemon read its configuration again.
        pub $($async)? fn reload(&mut self) -> Result<Done, ClientError> {
            fitting!(self.request(&Request::Reload)$($await)*?, Answer::Done(done) => done)
        }

        /// What the daemon counts, in the OpenMetrics text format of Prometheus.
        pub $($async)? fn metrics(&mut self) -> Result<String, ClientError> {
            fitting!(self.request(&Request::Metrics)$($await)*?, Answer::Metrics { text } => text)
        }

        /// What tells this host from others, and what of it the license server gets.
        pub $($async)? fn host(&mut self) -> Result<HostReport, ClientError> {
            fitting!(self.request(&Request::Host)$($await)*?, Answer::Host(report) => report)
        }

        /// Gives the number up, removes the host key and the state, and stops the daemon: before the
        /// machine becomes an image for others. Its next start makes a new host.
        pub $($async)? fn deprovision(&mut self) -> Result<Done, ClientError> {
            fitting!(self.request(&Request::Deprovision)$($await)*?, Answer::Done(done) => done)
        }

        /// Does the license server answer? The daemon asks it at most once in 10 seconds.
        pub $($async)? fn ping(&mut self) -> Result<Ping, ClientError> {
            fitting!(self.request(&Request::Ping)$($await)*?, Answer::Ping(ping) => ping)
        }
    };
}

pub(crate) use {calls, fitting};
