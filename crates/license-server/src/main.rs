//! `license-server`: see [`license_server::cli`] for what it can be asked.

use std::{
    error::Error,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use license_server::{
    LicenseServer,
    admin::{self, Console},
    cli::{Admin, AdminCommand, Cli, Command, LogFormat, Serve},
    clock,
    data_dir::DataDir,
    http::{self, Tls},
    keys::Keys,
    mail::{Sender, Transport},
    owner,
    reload::{self, Reloads},
};
use listenfd::ListenFd;
use service_manager::Attempt;
use tokio::{
    net::TcpListener,
    runtime,
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(arguments) => serve(&arguments),
        Command::Admin(arguments) => administer(&arguments),
        Command::Reload { pid } => have_reloaded(pid),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone there is nobody left to tell.
            let _gone = writeln!(io::stderr(), "license-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: &Serve) -> Result<(), Box<dyn Error>> {
    owner::assume(&arguments.data_dir)?;
    log(arguments.log_format);
    runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let Some(attempt) = Attempt::begin().await else { return Ok(()) };
        // A signal during the start is a stop and no crash.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        // A mistake in them is to leave no new server behind.
        let options = arguments.options()?;
        let transport = Transport::new(&arguments.mail, arguments.mail_from.clone(), &arguments.account())?;
        // Before the database is opened, which a restore replaces.
        let _serving = DataDir::open(&arguments.data_dir)?.serving()?;
        let server = Arc::new(LicenseServer::open(&arguments.data_dir).await?);
        let listener = match activated()? {
            Some(listener) => listener,
            None => TcpListener::bind(arguments.listen)
                .await
                .map_err(|error| format!("cannot listen on {}: {error}", arguments.listen))?,
        };
        let (address, in_clear) = (listener.local_addr()?, options.tls.is_none());
        tracing::info!(%address, tls = !in_clear, mail = %arguments.mail, "listening");
        if in_clear && !address.ip().to_canonical().is_loopback() {
            tracing::warn!(
                %address,
                "numbers and coupons go over the network in the clear; use --tls-cert and --tls-key, or listen \
                 on this machine alone, behind a proxy that speaks TLS"
            );
        }
        service_manager::status(&format!("listening on {address}"));
        service_manager::ready();
        let sender = Sender::new(transport);
        let (stop, stopping) = watch::channel(false);
        let tls = options.tls.clone();
        let mut reloads = Reloads::none();
        let signals = async {
            loop {
                tokio::select! {
                    _ = terminate.recv() => break,
                    _ = interrupt.recv() => break,
                    _ = hangup.recv() => reloads.note(&reload(&server, tls.as_deref()).await),
                }
            }
            service_manager::stopping();
            stop.send_replace(true);
        };
        tokio::join!(
            signals,
            http::serve(Arc::clone(&server), listener, options, stopped(stopping.clone())),
            sender.run(server.store(), clock::now, stopped(stopping)),
        );
        server.store().close().await;
        tracing::info!("stopped");
        attempt.end_well();
        Ok(())
    })
}

/// Logs into the journal or onto standard error, as text, or there as JSON.
fn log(format: LogFormat) {
    match format {
        LogFormat::Text => drop(journal::init("license-server", EnvFilter::DEFAULT_ENV)),
        LogFormat::Json => tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
            .with_writer(io::stderr)
            // Its own way of reporting a log that cannot be written is a panic.
            .log_internal_errors(false)
            .json()
            .with_span_list(false)
            .init(),
    }
}

/// The socket that systemd holds, if there is a socket unit: the way to a port below 1024.
fn activated() -> Result<Option<TcpListener>, Box<dyn Error>> {
    let mut given = ListenFd::from_env();
    if given.len() > 1 {
        return Err("the socket unit hands over several sockets; give it one `ListenStream=`".into());
    }
    let listener = given.take_tcp_listener(0);
    let listener =
        listener.map_err(|error| format!("the socket of the socket unit cannot be used: {error}"))?;
    let Some(listener) = listener else { return Ok(None) };
    listener.set_nonblocking(true)?;
    Ok(Some(TcpListener::from_std(listener)?))
}

/// Reads keys and certificate again. What cannot be used is logged and given, and what was there before goes on.
async fn reload(server: &LicenseServer, tls: Option<&Tls>) -> Vec<String> {
    let mut faults = Vec::new();
    match server.change_keys(Keys::reread).await {
        Ok(keys) => tracing::info!(version = keys.version(), "read the keys again"),
        Err(error) => {
            tracing::error!(%error, "cannot read the keys again; those from before go on");
            faults.push(error.to_string());
        }
    }
    match tls.map(Tls::reload) {
        None => {}
        Some(Ok(())) => tracing::info!("read the certificate again"),
        Some(Err(error)) => {
            tracing::error!(%error, "cannot read the certificate again; the old one serves on");
            faults.push(error.to_string());
        }
    }
    faults
}

fn have_reloaded(pid: i32) -> Result<(), Box<dyn Error>> {
    let runtime = runtime::Builder::new_current_thread().enable_time().build()?;
    Ok(runtime.block_on(reload::ask(pid))?)
}

/// Ready when the server is to stop.
async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error is the end of whoever could say so: a stop, too.
    let _stop = stopping.wait_for(|stop| *stop).await;
}

fn administer(arguments: &Admin) -> Result<(), Box<dyn Error>> {
    let folder: &Path = &arguments.data_dir;
    // Before the program becomes the owner: the log names the person.
    let actor = owner::caller();
    owner::assume(folder)?;
    // A mistyped path is to be an error, and no new server. Who asks for the key sets one up, and so does
    // who restores one.
    let makes_one = matches!(arguments.command, AdminCommand::PublicKey | AdminCommand::Restore { .. });
    if !makes_one && !DataDir::is_one(folder) {
        let path = folder.display();
        return Err(format!(
            "{path} holds no license server's data; check the path, or start `serve` there first"
        )
        .into());
    }
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let (now, json) = (clock::now(), arguments.json);
        if let AdminCommand::Restore { file } = &arguments.command {
            return Ok(admin::restore(folder, file, now, json, io::stdout().lock()).await?);
        }
        let server = LicenseServer::open(folder).await?;
        let mut console = Console { server: &server, actor, now, json, out: io::stdout().lock() };
        console.run(&arguments.command).await?;
        server.store().close().await;
        Ok(console.out.flush()?)
    })
}
