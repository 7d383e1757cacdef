//! The first screen: how the daemon is and what it holds, what is wrong first, what to do last.

use license_client::{
    ipc::{NamedFeature, NoAnswer, RefusedCommand, State, Status},
    types::{LicensedProduct, Seats, Verdict},
};
use license_doctor::command_of;
use license_texts::text;

use super::{Sheet, in_parentheses, state};
use crate::{
    screen::{Style, Words},
    told::Overview,
};

impl Sheet<'_> {
    pub(super) fn overview(&mut self, it: &Overview) {
        self.status(&it.status);
        let features = it.features.as_deref().unwrap_or_default();
        let products = it.products.as_deref().unwrap_or_default();
        for product in products {
            self.page.gap();
            self.product(product);
            let rows: Vec<_> = rows(product, features).map(|row| self.row(&row)).collect();
            self.page.table(2, &rows);
        }
        // Who may not see the license is told of its features all the same.
        if products.is_empty() && !features.is_empty() {
            self.page.gap();
            self.features(features);
        }
        if let Some(refusal) = &it.status.last_refusal {
            self.page.gap();
            self.refusal(refusal);
        }
        if let Some(command) = next_command(it) {
            self.page.gap();
            self.next_command(&command);
        }
    }

    pub(super) fn status(&mut self, status: &Status) {
        self.warnings(&status.warnings);
        self.page.gap();
        let (style, word) = state(status.state);
        let state = Words::new(style, format!("● {}", self.reader.say(&word)));
        let program = Words::new(Style::Dim, format!("(licensed {})", status.version));
        self.page.line(state.then(program));
        self.page.indented(2, format!("{}{}", in_parentheses(status.code), status.message));
        let failure = |it: &NoAnswer| format!("{} ({}) {}", self.moment(it.at), it.code, it.message);
        let owner = status.company.as_ref().map(|company| Words::new(Style::Strong, company));
        let fields = [
            self.field(&text!("tool-label-company"), owner),
            self.field(&text!("tool-label-number"), status.number.as_ref()),
            self.field(&text!("tool-label-bound-since"), status.bound_since.map(|at| self.moment(at))),
            self.field(&text!("tool-label-server"), status.server.as_ref()),
            self.field(&text!("tool-label-last-answer"), status.last_answer.map(|at| self.moment(at))),
            self.field(&text!("tool-label-last-failure"), status.last_failure.as_ref().map(failure)),
            self.field(&text!("tool-label-next-check"), status.next_check.map(|at| self.moment(at))),
            self.field(&text!("tool-label-lease"), status.honoured_until.map(|at| self.moment(at))),
            self.field(&text!("tool-label-serial"), status.serial),
        ];
        self.page.fields(2, fields.into_iter().flatten());
    }

    fn row(&self, row: &Row<'_>) -> Vec<Words> {
        let verdict = row.verdict.map(|verdict| self.in_short(verdict)).unwrap_or_default();
        vec![row.feature.into(), row.name.into(), verdict, self.seats(row.seats).into()]
    }

    fn refusal(&mut self, it: &RefusedCommand) {
        let what = text!("tool-last-refusal", command = command_of(&it.request), at = self.moment(it.at));
        let why = format!("{}{}", in_parentheses(it.code), it.message);
        self.page.line(Words::new(Style::Bad, self.reader.say(&what)).then(why.into()));
    }
}

/// A feature of a product, with what it comes to on this host.
struct Row<'a> {
    feature: license_client::types::FeatureId,
    name: &'a str,
    seats: Seats,
    verdict: Option<&'a Verdict>,
}

fn rows<'a>(
    product: &'a LicensedProduct,
    features: &'a [NamedFeature],
) -> impl Iterator<Item = Row<'a>> + 'a {
    product.features.iter().map(|it| {
        let found = features.iter().find(|known| known.entitlement.feature == it.feature);
        let verdict = found.map(|known| &known.entitlement.verdict);
        Row { feature: it.feature, name: &it.name, seats: it.seats, verdict }
    })
}

/// The one command that leads on from here, if anything is to be done.
fn next_command(it: &Overview) -> Option<String> {
    let words = match it.status.state {
        // Who cannot be asked registers nobody.
        State::Unregistered if it.status.last_failure.is_some() || it.status.server.is_none() => "doctor",
        State::Unregistered => "register",
        State::Registering => "status --watch",
        State::Refused => "activate",
        State::Offline | State::Lapsed | State::Recovering | State::HostChanged | State::Pending => "doctor",
        State::Draining => return None,
        State::Fresh => {
            let features = it.features.iter().flatten().map(|feature| &feature.entitlement);
            let denied = features.into_iter().find(|it| matches!(it.verdict, Verdict::Denied { .. }));
            if let Some(it) = denied {
                return Some(format!("licensectl explain {}", it.feature));
            }
            if it.status.warnings.is_empty() && it.status.last_refusal.is_none() {
                return None;
            }
            "doctor"
        }
    };
    Some(format!("licensectl {words}"))
}

#[cfg(test)]
pub(super) mod tests {
    use license_client::types::{Basis, Code, Entitlement, FeatureId, UnixTime};

    use super::*;

    pub(crate) fn status(state: State) -> Status {
        Status {
            version: "0.1.0".to_owned(),
            state,
            number: None,
            company: None,
            server: None,
            code: None,
            message: "A sentence.".to_owned(),
            serial: None,
            last_answer: None,
            last_failure: None,
            next_check: None,
            honoured_until: None,
            warnings: Vec::new(),
            protocol: 1,
            statement_schema: "1.0".to_owned(),
            bound_since: None,
            number_changes: 0,
            last_refusal: None,
        }
    }

    fn feature(feature: u32, verdict: Verdict) -> NamedFeature {
        let entitlement = Entitlement {
            feature: FeatureId(feature),
            product: None,
            verdict,
            message: String::new(),
            session: None,
            seats: None,
            last_answer: None,
            next_check: None,
        };
        NamedFeature { name: "N".to_owned(), entitlement }
    }

    #[test]
    fn there_is_one_command_to_run_next_or_none() {
        let of = |status, features| next_command(&Overview { status, products: None, features });
        let nobody_to_ask = of(status(State::Unregistered), None);
        assert_eq!(nobody_to_ask.as_deref(), Some("licensectl doctor"));
        for (state, command) in [
            (State::Unregistered, Some("licensectl register")),
            (State::Registering, Some("licensectl status --watch")),
            (State::Refused, Some("licensectl activate")),
            (State::Offline, Some("licensectl doctor")),
            (State::Lapsed, Some("licensectl doctor")),
            (State::Draining, None),
            (State::Fresh, None),
        ] {
            let status = Status { server: Some("https://a".to_owned()), ..status(state) };
            assert_eq!(of(status, None).as_deref(), command, "{state}");
        }
        let granted = feature(33, Verdict::Granted { until: UnixTime(1), basis: Basis::Fresh });
        let denied = feature(45, Verdict::Denied { code: Code::NO_LICENSE, reason: String::new() });
        assert_eq!(of(status(State::Fresh), Some(vec![granted.clone()])), None);
        let explain = of(status(State::Fresh), Some(vec![granted, denied]));
        assert_eq!(explain.as_deref(), Some("licensectl explain 45"));
        let warned = Status { warnings: vec!["W.".to_owned()], ..status(State::Fresh) };
        assert_eq!(of(warned, None).as_deref(), Some("licensectl doctor"));
    }
}
