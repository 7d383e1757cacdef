//! A server in this process, and what its vendor does.

use std::{net::SocketAddr, path::Path, sync::Arc};

use license_core::{api::Call, crypto::PublicKey};
use license_server::{
    LicenseServer,
    admin::Console,
    cli::{AdminCommand, BindingCommand, CouponCommand},
    clock,
    decide::log::Actor,
    http::{self, Options},
};
use license_types::{Coupon, FeatureId, ProductId, Registration, RegistrationNumber};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::host::Host;

/// A server in this process, which dies with the test and not before.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) root: PublicKey,
    pub(crate) server: Arc<LicenseServer>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(folder: &Path) -> Self {
        Self::start_with(folder, Options::default(), std::future::pending()).await
    }

    /// One that runs until `stop` is ready.
    pub(crate) async fn start_with(
        folder: &Path,
        options: Options,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self::of(LicenseServer::open(folder).await.unwrap(), options, stop).await
    }

    /// A second one on the same data.
    pub(crate) async fn beside(server: LicenseServer) -> Self {
        Self::of(server, Options::default(), std::future::pending()).await
    }

    async fn of(
        server: LicenseServer,
        options: Options,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let server = Arc::new(server);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let root = server.keys().root_public();
        let serving = http::serve(Arc::clone(&server), listener, options, stop);
        let task = tokio::spawn(serving);
        Self { address, root, server, task }
    }

    /// It stops by itself.
    pub(crate) async fn stopped(self) {
        self.task.await.unwrap();
    }

    /// Gone from one moment to the next: nothing is drained, nothing is closed.
    pub(crate) fn kill(self) {
        self.task.abort();
    }

    pub(crate) fn host(&self, id: u8) -> Host {
        Host::new(id, self.root)
    }

    pub(crate) async fn admin(&self, command: AdminCommand) -> serde_json::Value {
        let mut out = Vec::new();
        let actor = Actor::Admin("test".to_owned());
        let (now, json) = (clock::now(), true);
        let mut console = Console { server: &self.server, actor, now, json, out: &mut out };
        console.run(&command).await.unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    pub(crate) async fn coupon(&self, product: u32, seats: u32) -> Coupon {
        let issue = CouponCommand::Issue {
            product: ProductId(product),
            count: 1,
            days: 365,
            seats,
            extend: false,
            batch: None,
            out: None,
        };
        let issued = self.admin(AdminCommand::Coupon(issue)).await;
        issued[0]["coupon"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn bindings(&self, number: &RegistrationNumber) -> Vec<serde_json::Value> {
        let list = BindingCommand::List { number: number.clone() };
        self.admin(AdminCommand::Binding(list)).await.as_array().unwrap().clone()
    }

    pub(crate) async fn drop_all(&self, number: &RegistrationNumber) {
        let number = number.clone();
        let drop = BindingCommand::Drop {
            number,
            all: true,
            host: None,
            session: None,
            free_only: false,
            yes: true,
        };
        self.admin(AdminCommand::Binding(drop)).await;
    }
}

pub(crate) fn company(name: &str) -> Call {
    Call::Register(Registration {
        company: format!("ООО «{name}»"),
        email: format!("{name}@example.com"),
        contact: "Контакт".to_owned(),
        phone: None,
        tax_id: None,
    })
}

pub(crate) fn capture(feature: u32) -> Call {
    Call::Capture { feature: FeatureId(feature), holder: None, reclaim: false }
}

pub(crate) fn trial(product: u32) -> Call {
    Call::Trial { product: ProductId(product) }
}

pub(crate) async fn registered(running: &Running, host: &mut Host, name: &str) -> RegistrationNumber {
    let (_, statement) = host.ok(running.address, &company(name)).await;
    statement.unwrap().number
}
