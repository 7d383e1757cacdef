//! What is told to people, on one screen, in their language and their time.

mod bundle;
mod license;
mod moment;
mod overview;
#[cfg(test)]
mod tests;

use license_client::{
    ipc::{
        Answer, Captured, Change, Configuration, Done, Explanation, HostFact, HostReport, NamedFeature, Ping,
        ServerWay, Setting, State,
    },
    types::{Basis, Code, Entitlement, Fact, FactKind, Seats, Verdict},
};
use license_texts::{Text, text};

use crate::{
    doctor,
    modules::Module,
    reader::Reader,
    screen::{Page, Style, Words},
    told::Told,
};

/// What there is to tell, as text.
pub(crate) fn told(told: &Told, reader: &Reader) -> String {
    let mut sheet = Sheet { page: Page::new(reader.look), reader };
    match told {
        Told::Answer(answer) => sheet.answer(answer),
        Told::Bundle(it) => sheet.bundle(it),
        Told::Doctor(it) => doctor::draw(&mut sheet.page, it, reader.language),
        Told::Overview(it) => sheet.overview(it),
        Told::Modules(modules) => modules.iter().for_each(|it| sheet.module(it)),
    }
    sheet.page.into_text()
}

/// What is being written.
struct Sheet<'r> {
    page: Page,
    reader: &'r Reader,
}

/// A label with what belongs to it, if there is something.
type Field = Option<(String, Words)>;

impl Sheet<'_> {
    fn answer(&mut self, answer: &Answer) {
        match answer {
            Answer::Entitlement(it) => self.entitlement(it),
            Answer::Entitlements(all) => all.iter().for_each(|it| self.entitlement(it)),
            Answer::Captured(Captured { session, entitlement }) => {
                self.say(&text!("tool-session", session = session));
                self.entitlement(entitlement);
            }
            Answer::Status(status) => self.status(status),
            Answer::LicenseInfo(info) => self.license_info(info),
            Answer::Registered { number } => {
                // Whoever registers is told the number whole: it is theirs to keep.
                self.say(&text!("tool-registered", number = number.as_str()));
                self.say(&text!("tool-registered-keep"));
            }
            Answer::Done(Done { message, warnings }) => {
                self.page.line(message);
                self.warnings(warnings);
            }
            Answer::Change(change) => self.change(change),
            Answer::Metrics { text } => text.lines().for_each(|line| self.page.verbatim(line)),
            Answer::Features(page) => self.features(&page.features),
            Answer::Explanation(explanation) => self.explanation(explanation),
            Answer::Host(report) => self.host(report),
            Answer::Configuration(it) => self.configuration(it),
            Answer::Ping(ping) => self.ping(ping),
            Answer::Error(failure) => self.page.line(failure),
        }
    }

    fn say(&mut self, text: &Text) {
        self.page.line(self.reader.say(text));
    }

    fn field(&self, label: &Text, value: Option<impl Into<Words>>) -> Field {
        value.map(|value| (self.reader.say(label), value.into()))
    }

    fn moment(&self, at: license_client::types::UnixTime) -> String {
        moment::moment(at, self.reader)
    }

    fn warnings(&mut self, warnings: &[String]) {
        for warning in warnings {
            let label = Words::new(Style::Warning, self.reader.say(&text!("tool-warning")));
            self.page.line(label.then(warning.into()));
        }
    }

    /// A verdict in a word or two, for a row of a table.
    fn in_short(&self, verdict: &Verdict) -> Words {
        let (style, word) = match verdict {
            Verdict::Granted { basis: Basis::Fresh, .. } => (Style::Good, text!("tool-short-granted")),
            Verdict::Granted { basis: Basis::Offline { .. }, .. } => {
                (Style::Warning, text!("tool-short-offline"))
            }
            Verdict::Denied { .. } => (Style::Bad, text!("tool-short-denied")),
            Verdict::Indeterminate { may_run: true, .. } => (Style::Warning, text!("tool-short-may-run")),
            Verdict::Indeterminate { may_run: false, .. } => (Style::Bad, text!("tool-short-may-not-run")),
        };
        Words::new(style, format!("{}{}", in_parentheses(verdict.code()), self.reader.say(&word)))
    }

    fn in_words(&self, verdict: &Verdict) -> Words {
        let (style, words) = match verdict {
            Verdict::Granted { until, basis: Basis::Fresh } => {
                (Style::Good, text!("tool-granted", until = self.moment(*until)))
            }
            Verdict::Granted { until, basis: Basis::Offline { since } } => {
                let (until, since) = (self.moment(*until), self.moment(*since));
                (Style::Warning, text!("tool-granted-offline", until = until, since = since))
            }
            Verdict::Denied { .. } => (Style::Bad, text!("tool-short-denied")),
            Verdict::Indeterminate { since, may_run: true, .. } => {
                (Style::Warning, text!("tool-unknown-may-run", since = self.moment(*since)))
            }
            Verdict::Indeterminate { since, may_run: false, .. } => {
                (Style::Bad, text!("tool-unknown-may-not-run", since = self.moment(*since)))
            }
        };
        Words::new(style, self.reader.say(&words))
    }

    fn seats(&self, seats: Seats) -> String {
        self.reader.say(&text!("tool-seats", total = seats.total, captured = seats.captured))
    }

    fn feature_of(&self, it: &Entitlement) -> String {
        self.reader.say(&match it.product {
            Some(product) => text!("tool-feature-of-product", feature = it.feature, product = product),
            None => text!("tool-feature", feature = it.feature),
        })
    }

    fn verdict(&mut self, it: &Entitlement) {
        self.headline(it);
        self.page.indented(2, &it.message);
    }

    fn headline(&mut self, it: &Entitlement) {
        let what = Words::new(Style::Strong, format!("{}:", self.feature_of(it)));
        self.page.line(what.then(self.in_words(&it.verdict)));
    }

    fn entitlement(&mut self, it: &Entitlement) {
        self.verdict(it);
        self.details(it);
    }

    fn details(&mut self, it: &Entitlement) {
        let fields = [
            self.field(&text!("tool-label-seats"), it.seats.map(|seats| self.seats(seats))),
            self.field(&text!("tool-label-session"), it.session.as_ref()),
            self.field(&text!("tool-label-last-answer"), it.last_answer.map(|at| self.moment(at))),
            self.field(&text!("tool-label-next-check"), it.next_check.map(|at| self.moment(at))),
        ];
        self.page.fields(2, fields.into_iter().flatten());
    }

    fn module(&mut self, it: &Module) {
        let name = Words::new(Style::Strong, format!("{}:", it.name()));
        match it {
            Module::Checked { entitlement, .. } => {
                let what = format!("{}:", self.feature_of(entitlement));
                self.page.line(name.then(what.into()).then(self.in_words(&entitlement.verdict)));
                self.page.indented(2, &entitlement.message);
                self.details(entitlement);
            }
            Module::Free { .. } => {
                self.page
                    .line(name.then(Words::new(Style::Good, self.reader.say(&text!("tool-module-free")))));
            }
            Module::Unreadable { why, .. } => {
                self.page.line(name.then(Words::new(Style::Bad, self.reader.say(why))));
            }
        }
    }

    fn explanation(&mut self, it: &Explanation) {
        let message = &it.entitlement.message;
        let meaning = it.entitlement.verdict.code().map(|code| self.reader.say(&Text::meaning(code)));
        // Who says no to this host, or of this seat, says what is to be done: more than the code means.
        let is_refused = it.facts.iter().any(|fact| fact.kind == FactKind::Refusal);
        let has_no_seat = it.facts.iter().any(|fact| fact.kind == FactKind::Seat && fact.code.is_some());
        let is_said = is_refused || has_no_seat;
        let way_out = meaning.map(|meaning| if is_said { message.clone() } else { meaning });
        // What is said at the end is not said at the beginning too.
        if way_out.as_ref().is_some_and(|way_out| message.contains(way_out)) {
            self.headline(&it.entitlement);
        } else {
            self.verdict(&it.entitlement);
        }
        self.page.gap();
        let facts = it.facts.iter().filter(|fact| fact.kind != FactKind::Verdict);
        let rows: Vec<_> = facts.map(|fact| self.fact(fact)).collect();
        self.page.table(2, &rows);
        let Some(way_out) = way_out else { return };
        self.page.gap();
        let label = Words::new(Style::Strong, self.reader.say(&text!("tool-way-out")));
        self.page.line(label.then(way_out.into()));
        let is_free = it.entitlement.seats.is_some_and(Seats::is_free);
        let command = if has_no_seat && is_free { "capture" } else { "doctor" };
        self.next_command(&format!("licensectl {command} {}", it.entitlement.feature));
    }

    /// When, from where, and what.
    fn fact(&self, Fact { kind, at, code, message }: &Fact) -> Vec<Words> {
        let at = at.map(|at| moment::exact(at, self.reader)).unwrap_or_default();
        let what = format!("{}{message}", in_parentheses(*code));
        vec![at.into(), Words::new(Style::Dim, self.reader.say(&source(*kind))), what.into()]
    }

    fn change(&mut self, change: &Change) {
        if change.missed {
            self.say(&text!("tool-missed"));
        }
        let (style, state) = state(change.state);
        let state = Words::new(style, format!("{}:", self.reader.say(&state)));
        self.page.line(state.then(format!("{}{}", in_parentheses(change.code), change.message).into()));
        change.entitlements.iter().for_each(|it| self.verdict(it));
    }

    fn features(&mut self, features: &[NamedFeature]) {
        let rows: Vec<_> = features.iter().map(|it| self.feature_row(&it.name, &it.entitlement)).collect();
        self.page.table(2, &rows);
    }

    fn feature_row(&self, name: &str, it: &Entitlement) -> Vec<Words> {
        let seats = it.seats.map(|seats| self.seats(seats)).unwrap_or_default();
        vec![it.feature.into(), name.into(), self.in_short(&it.verdict), seats.into()]
    }

    fn configuration(&mut self, it: &Configuration) {
        let keys = Words::from(it.trust.join(", "))
            .then(Words::new(Style::Dim, self.reader.say(&text!("tool-root-keys", count = it.root_keys))));
        let fields = [
            self.field(&text!("tool-label-file"), Some(&it.file)),
            self.field(&text!("tool-label-state-dir"), Some(&it.state_dir)),
            self.field(&text!("tool-label-trust"), Some(keys)),
            self.field(&text!("tool-label-ca-file"), it.ca_file.as_ref()),
        ];
        let servers = it.servers.iter().map(|way| self.server(way));
        let fields: Vec<_> = fields.into_iter().flatten().chain(servers).collect();
        self.page.fields(0, fields);
        self.page.gap();
        for Setting { name, value } in &it.options {
            self.page.verbatim(&format!("{name} = {value}"));
        }
    }

    fn server(&self, way: &ServerWay) -> (String, Words) {
        let through = match (&way.proxy, &way.proxy_from) {
            (None, _) => text!("tool-server-direct"),
            (Some(proxy), None) => text!("tool-server-proxy", proxy = proxy),
            (Some(proxy), Some(from)) => text!("tool-server-proxy-from", proxy = proxy, from = from),
        };
        let through = Words::new(Style::Dim, self.reader.say(&through));
        (self.reader.say(&text!("tool-label-server")), Words::from(&way.url).then(through))
    }

    fn ping(&mut self, ping: &Ping) {
        match &ping.failure {
            None => {
                let answers = self.reader.say(&text!("tool-answers", server = &ping.server));
                self.page.line(Words::new(Style::Good, answers));
            }
            Some(failure) => {
                let code = Words::new(Style::Bad, format!("({})", failure.code));
                self.page.line(code.then((&failure.message).into()));
            }
        }
        let asked = match ping.age {
            0 => text!("tool-time-now"),
            age => text!("tool-time-ago", span = text!("tool-time-seconds", count = age)),
        };
        let fields = [
            self.field(&text!("tool-label-stage"), ping.failure.as_ref().map(|it| it.stage.name())),
            self.field(
                &text!("tool-label-took"),
                Some(self.reader.say(&text!("tool-milliseconds", count = ping.took_ms))),
            ),
            self.field(&text!("tool-label-asked"), Some(self.reader.say(&asked))),
        ];
        self.page.fields(2, fields.into_iter().flatten());
    }

    fn host(&mut self, report: &HostReport) {
        self.page.line(Words::new(Style::Strong, self.reader.say(&text!("tool-host", key = &report.key))));
        self.page.line(&report.message);
        self.page.gap();
        let rows: Vec<_> = report.facts.iter().flat_map(|fact| self.host_fact(fact)).collect();
        self.page.table(2, &rows);
    }

    fn host_fact(&self, fact: &HostFact) -> Vec<Vec<Words>> {
        let source = Words::new(Style::Dim, fact.source.as_deref().unwrap_or_default());
        let value = match (&fact.value, &fact.unused) {
            (Some(value), None) => value.into(),
            (_, why) => {
                let why = self.reader.say(&unused(why.as_deref()));
                Words::new(Style::Warning, self.reader.say(&text!("tool-not-used", why = why)))
            }
        };
        let sent =
            fact.digest.as_ref().map(|digest| self.reader.say(&text!("tool-sent-as", digest = digest)));
        let sent = sent.map(|sent| vec![Words::default(), Words::default(), Words::new(Style::Dim, sent)]);
        [vec![(&fact.kind).into(), value, source]].into_iter().chain(sent).collect()
    }

    /// The one command to run next.
    fn next_command(&mut self, command: &str) {
        let next = Words::new(Style::Strong, self.reader.say(&text!("tool-next")));
        self.page.line(next.then(Words::new(Style::Strong, command)));
    }
}

fn in_parentheses(code: Option<Code>) -> String {
    code.map_or_else(String::new, |code| format!("({code}) "))
}

/// A state, and how bad it is.
fn state(state: State) -> (Style, Text) {
    match state {
        State::Unregistered => (Style::Warning, text!("tool-state-unregistered")),
        State::Fresh => (Style::Good, text!("tool-state-fresh")),
        State::Offline => (Style::Warning, text!("tool-state-offline")),
        State::Lapsed => (Style::Bad, text!("tool-state-lapsed")),
        State::Refused => (Style::Bad, text!("tool-state-refused")),
        State::Recovering => (Style::Warning, text!("tool-state-recovering")),
        State::Registering => (Style::Warning, text!("tool-state-registering")),
        State::HostChanged => (Style::Warning, text!("tool-state-host-changed")),
        State::Pending => (Style::Bad, text!("tool-state-pending")),
        State::Draining => (Style::Warning, text!("tool-state-draining")),
    }
}

/// Who says a fact of that kind.
fn source(kind: FactKind) -> Text {
    match kind {
        FactKind::Number | FactKind::Registration | FactKind::Lost => text!("tool-source-host"),
        FactKind::Statement | FactKind::Refusal | FactKind::Feature | FactKind::Seat | FactKind::Lease => {
            text!("tool-source-statement")
        }
        FactKind::Expiry | FactKind::RunOn => text!("tool-source-statement"),
        FactKind::Grace | FactKind::NextCheck | FactKind::Verdict => text!("tool-source-daemon"),
        FactKind::Offline | FactKind::Failure => text!("tool-source-network"),
    }
}

/// Why a fact about the host does not count. A word of a later daemon is told as it is.
fn unused(why: Option<&str>) -> Text {
    match why.unwrap_or("missing") {
        "missing" => text!("tool-unused-missing"),
        "not_permitted" => text!("tool-unused-not-permitted"),
        "unreadable" => text!("tool-unused-unreadable"),
        "placeholder" => text!("tool-unused-placeholder"),
        "container" => text!("tool-unused-container"),
        "configured" => text!("tool-unused-configured"),
        other => Text::verbatim(other.replace('_', " ")),
    }
}
