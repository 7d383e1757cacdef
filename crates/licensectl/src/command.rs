//! What each command asks the daemon.

use std::path::PathBuf;

use license_client::{
    Client, ClientError,
    ipc::Answer,
    types::{Coupon, Holder, Registration, RegistrationNumber},
};
use license_texts::{Text, text};
use licensectl::cli::{Checked, Command, Register};

use crate::{
    ask,
    bundle::Bundle,
    doctor,
    exit::Exit,
    fault::Fault,
    live,
    machine::Machine,
    modules,
    progress::Progress,
    reader::Reader,
    register::{self, Field},
    screen::Page,
    told::{self, Overview, Told},
};

/// Shows what there is to tell. Whether somebody still reads.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(&Told) -> Result<bool, Fault>;

/// Who runs a command, and how they are spoken to.
pub(crate) struct Caller {
    /// Who reads.
    pub(crate) reader: Reader,
    /// Where they are.
    pub(crate) machine: Machine,
    /// Whether it is a script, which is asked nothing.
    pub(crate) is_script: bool,
    /// The socket of the daemon.
    pub(crate) socket: PathBuf,
}

/// Runs one command: tells its answer, and gives how the tool ends.
pub(crate) fn run(
    command: Command,
    client: &mut Client,
    caller: &Caller,
    tell: Tell<'_>,
) -> Result<Exit, Fault> {
    let answer = match command {
        Command::Status { watch: false } => {
            let told = Told::Overview(Box::new(Overview::ask(client)?));
            tell(&told)?;
            return Ok(Exit::Done);
        }
        Command::Status { watch: true } => {
            live::end_at_interrupt().map_err(Fault::Input)?;
            return if caller.is_script || !live::is_possible() {
                live::each_change(client, tell)
            } else {
                live::screen(client, &caller.reader, &caller.machine)
            };
        }
        Command::Register(given) => {
            let company = caller.registration(given)?;
            let number = caller.waits(client, |client| client.register(company))?;
            Answer::Registered { number }
        }
        Command::Activate { number } => {
            let key = number_of(&caller.entered(number, &text!("tool-ask-number"), "NUMBER")?)?;
            Answer::Done(caller.waits(client, |client| client.activate(key))?)
        }
        Command::Coupon { coupon } => {
            let coupon = coupon_of(&caller.entered(coupon, &text!("tool-ask-coupon"), "COUPON")?)?;
            Answer::Done(caller.waits(client, |client| client.activate_coupon(coupon))?)
        }
        Command::Trial { product } => Answer::Done(caller.waits(client, |client| client.add_trial(product))?),
        Command::Check { what, holder } => {
            let told = check(what, holder, client)?;
            tell(&told)?;
            return Ok(Exit::of(&told));
        }
        Command::Capture { feature, holder, reclaim } => {
            Answer::Captured(caller.waits(client, |client| client.capture(feature, holder, reclaim))?)
        }
        Command::Release { session } => Answer::Done(caller.waits(client, |client| client.release(session))?),
        Command::Info { number: None } => Answer::LicenseInfo(client.license_info(None)?),
        Command::Info { number: Some(number) } => {
            let key = number_of(&given(number)?)?;
            Answer::LicenseInfo(caller.waits(client, |client| client.license_info(Some(key)))?)
        }
        Command::Metrics => Answer::Metrics { text: client.metrics()? },
        Command::SendMetrics { metrics } => {
            let metrics = metrics.into_iter().collect();
            Answer::Done(caller.waits(client, |client| client.send_metrics(metrics))?)
        }
        Command::Recheck => {
            let checked = caller.waits(client, Client::recheck);
            Answer::Done(checked.map_err(Fault::of_recheck)?)
        }
        Command::Reload => Answer::Done(client.reload().map_err(Fault::of_reload)?),
        Command::Config => Answer::Configuration(Box::new(client.configuration()?)),
        Command::Ping => Answer::Ping(caller.waits(client, Client::ping)?),
        Command::Reset { yes } => {
            caller.confirm(yes, text!("tool-ask-reset"))?;
            Answer::Done(caller.waits(client, Client::reset)?)
        }
        Command::Host => Answer::Host(client.host()?),
        Command::Deprovision { yes } => {
            caller.confirm(yes, text!("tool-ask-deprovision"))?;
            Answer::Done(caller.waits(client, Client::deprovision)?)
        }
        Command::Doctor { feature, config } => {
            let told = Told::Doctor(Box::new(doctor::examine(feature, config, caller)?));
            tell(&told)?;
            return Ok(Exit::of(&told));
        }
        Command::Bundle { output } => {
            let shown = caller.shows_that_it_takes_time();
            let made = Bundle::make(output, caller.socket.clone(), caller.reader.now);
            drop(shown);
            let told = Told::Bundle(Box::new(made.map_err(Fault::NoArchive)?));
            tell(&told)?;
            return Ok(Exit::of(&told));
        }
        Command::Features => Answer::Features(told::features(client)?),
        Command::Explain { feature } => Answer::Explanation(Box::new(client.explain(feature)?)),
        Command::Watch => {
            live::end_at_interrupt().map_err(Fault::Input)?;
            for change in client.watch()? {
                if !tell(&Told::Answer(Answer::Change(Box::new(change?))))? {
                    break;
                }
            }
            return Ok(Exit::Done);
        }
    };
    let told = Told::Answer(answer);
    tell(&told)?;
    Ok(Exit::of(&told))
}

fn check(what: Checked, holder: Option<Holder>, client: &mut Client) -> Result<Told, Fault> {
    let Checked { features, module, modules } = what;
    match (features.as_slice(), holder) {
        ([], None) => {
            let files = modules.map_or(Ok(module), |folder| modules::files(&folder))?;
            Ok(Told::Modules(modules::check(files, client)?))
        }
        ([feature], None) => Ok(Told::Answer(Answer::Entitlement(client.check(*feature)?))),
        ([feature], Some(holder)) => {
            Ok(Told::Answer(Answer::Entitlement(client.check_for(*feature, holder)?)))
        }
        (_, None) => Ok(Told::Answer(Answer::Entitlements(client.check_many(features)?))),
        (_, Some(_)) => Err(Fault::Usage(text!("tool-holder-for-one"))),
    }
}

impl Caller {
    /// Makes a call that may take its time, and shows that it does.
    fn waits<T>(
        &self,
        client: &mut Client,
        call: impl FnOnce(&mut Client) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let shown = self.shows_that_it_takes_time();
        let answer = call(client);
        drop(shown);
        answer
    }

    /// Shows it until the value is dropped.
    fn shows_that_it_takes_time(&self) -> Option<Progress> {
        (!self.is_script).then(|| Progress::show(self.reader.say(&text!("tool-waiting"))))
    }

    /// Whether there is a person who can be asked.
    fn can_ask(&self) -> bool {
        !self.is_script && ask::is_possible()
    }

    /// A key as given, from standard input for `-`, or as the person says: there it stands in no history.
    fn entered(&self, key: Option<String>, question: &Text, name: &'static str) -> Result<String, Fault> {
        match key {
            Some(key) => given(key),
            None if self.can_ask() => ask::line(question, self.reader.language),
            None => Err(Fault::Usage(text!("tool-no-terminal", flags = name))),
        }
    }

    fn confirm(&self, is_confirmed: bool, question: Text) -> Result<(), Fault> {
        if is_confirmed {
            Ok(())
        } else if self.can_ask() {
            ask::confirm(question, self.reader.language)
        } else {
            Err(Fault::Usage(text!("tool-no-terminal", flags = "--yes")))
        }
    }

    fn registration(&self, mut given: Register) -> Result<Registration, Fault> {
        if given.input.is_some() {
            return register::from_json(&ask::standard_input()?);
        }
        if register::is_incomplete(&mut given) && self.can_ask() {
            let language = self.reader.language;
            let answer = |question: &Text| ask::line(question, language);
            register::ask(&mut given, answer, |why| ask::tell(&why.to(language)))?;
            ask::tell(&self.registration_to_send(&mut given));
            ask::confirm(text!("tool-ask-send"), language)?;
        }
        register::complete(given)
    }

    fn registration_to_send(&self, given: &mut Register) -> String {
        let mut page = Page::new(self.reader.look);
        let fields = Field::ALL
            .into_iter()
            .filter_map(|field| Some((self.reader.say(&field.label()), field.of(given).as_ref()?.into())));
        page.fields(2, fields);
        page.into_text()
    }
}

/// What stands on the command line, or on standard input for `-`, so that it need not stand in the history of the
/// shell.
fn given(key: String) -> Result<String, Fault> {
    if key == "-" { ask::standard_input() } else { Ok(key) }
}

fn number_of(text: &str) -> Result<RegistrationNumber, Fault> {
    let wrong = |_| Fault::Malformed(text!("tool-no-number", pattern = RegistrationNumber::PATTERN));
    text.parse().map_err(wrong)
}

fn coupon_of(text: &str) -> Result<Coupon, Fault> {
    text.parse().map_err(|_| Fault::Malformed(text!("tool-no-coupon", pattern = Coupon::PATTERN)))
}
