//! Exit codes. Scripts rely on them: none changes its meaning.

use std::process::ExitCode;

use license_client::{
    ipc::{Answer, Ping},
    types::Verdict,
};

use crate::{fault, modules::Module, told::Told};

/// How the tool ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, or granted.
    Done = 0,
    /// The license server said no.
    Denied = 1,
    /// The command line is wrong, a key is malformed, or a reload found a configuration that is wrong.
    Usage = 2,
    /// The daemon cannot be reached.
    NotReachable = 3,
    /// Nobody knows, or the license server gave no answer.
    Unknown = 4,
    /// The caller may not do this.
    NotPermitted = 5,
    /// The license server, or a rule that needs none, refused.
    Refused = 6,
    /// A fault of the daemon.
    Fault = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// How the tool ends after it has told this.
    pub(crate) fn of(told: &Told) -> Self {
        match told {
            Told::Answer(answer) => Self::of_answer(answer),
            Told::Overview(_) | Told::Bundle(_) => Self::Done,
            Told::Doctor(report) => Self::of_number(report.exit_code()),
            Told::Modules(modules) => modules.iter().map(Self::of_module).fold(Self::Done, Self::worse),
        }
    }

    /// How the tool ends by the doctor's word, which knows these numbers from their documentation.
    const fn of_number(number: u8) -> Self {
        match number {
            0 => Self::Done,
            1 => Self::Denied,
            3 => Self::NotReachable,
            4 => Self::Unknown,
            5 => Self::NotPermitted,
            6 => Self::Refused,
            _ => Self::Fault,
        }
    }

    fn of_module(module: &Module) -> Self {
        match module {
            Module::Checked { entitlement, .. } => Self::of_verdict(&entitlement.verdict),
            Module::Free { .. } => Self::Done,
            Module::Unreadable { .. } => Self::Unknown,
        }
    }

    fn of_answer(answer: &Answer) -> Self {
        match answer {
            Answer::Entitlement(entitlement) => Self::of_verdict(&entitlement.verdict),
            Answer::Entitlements(entitlements) => {
                entitlements.iter().map(|it| Self::of_verdict(&it.verdict)).fold(Self::Done, Self::worse)
            }
            Answer::Explanation(it) => Self::of_verdict(&it.entitlement.verdict),
            Answer::Ping(Ping { failure: Some(_), .. }) => Self::Unknown,
            Answer::Ping(Ping { failure: None, .. })
            | Answer::Captured(_)
            | Answer::Status(_)
            | Answer::LicenseInfo(_)
            | Answer::Registered { .. }
            | Answer::Done(_)
            | Answer::Change(_)
            | Answer::Metrics { .. }
            | Answer::Features(_)
            | Answer::Configuration(_)
            | Answer::Host(_) => Self::Done,
            Answer::Error(failure) => fault::exit_of_kind(failure.kind),
        }
    }

    fn of_verdict(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Granted { .. } => Self::Done,
            Verdict::Denied { .. } => Self::Denied,
            Verdict::Indeterminate { .. } => Self::Unknown,
        }
    }

    /// Of two verdicts' codes the worse: 1, then 4, then 0.
    fn worse(self, other: Self) -> Self {
        if self == Self::Denied || other == Self::Done { self } else { other }
    }
}

#[cfg(test)]
mod tests {
    use license_client::types::{Basis, Code, Entitlement, FeatureId, UnixTime};

    use super::*;

    fn with(verdict: Verdict) -> Entitlement {
        Entitlement {
            feature: FeatureId(45),
            product: None,
            verdict,
            message: String::new(),
            session: None,
            seats: None,
            last_answer: None,
            next_check: None,
        }
    }

    fn granted() -> Entitlement {
        with(Verdict::Granted { until: UnixTime(1), basis: Basis::Fresh })
    }

    fn denied() -> Entitlement {
        with(Verdict::Denied { code: Code::NO_LICENSE, reason: String::new() })
    }

    fn indeterminate(may_run: bool) -> Entitlement {
        with(Verdict::Indeterminate { code: Code::NO_ANSWER, since: UnixTime(1), may_run })
    }

    #[test]
    fn a_verdict_has_its_own_code_whatever_may_run() {
        for (entitlement, code) in
            [(granted(), 0), (denied(), 1), (indeterminate(true), 4), (indeterminate(false), 4)]
        {
            assert_eq!(Exit::of_answer(&Answer::Entitlement(entitlement)) as u8, code);
        }
    }

    #[test]
    fn a_file_that_is_no_module_is_known_to_nobody() {
        let path = std::path::PathBuf::from("m/module.json");
        let unreadable = Module::Unreadable { path: path.clone(), why: license_texts::Text::verbatim("no") };
        let free = Module::Free { name: "m".to_owned(), path: path.clone(), product: None };
        let checked =
            |it| Module::Checked { name: "m".to_owned(), path: path.clone(), entitlement: Box::new(it) };
        assert_eq!(Exit::of(&Told::Modules(vec![checked(granted()), free])) as u8, 0);
        assert_eq!(Exit::of(&Told::Modules(vec![checked(granted()), unreadable])) as u8, 4);
        assert_eq!(Exit::of(&Told::Modules(vec![checked(indeterminate(true)), checked(denied())])) as u8, 1);
    }

    #[test]
    fn of_several_features_the_worst_counts_in_any_order() {
        let all = [granted(), indeterminate(true), denied()];
        let code = |picked: &[usize]| {
            let entitlements = picked.iter().map(|&at| all[at].clone()).collect();
            Exit::of_answer(&Answer::Entitlements(entitlements)) as u8
        };
        assert_eq!(code(&[0, 0]), 0);
        for order in [[0, 1], [1, 0]] {
            assert_eq!(code(&order), 4, "{order:?}");
        }
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(code(&order), 1, "{order:?}");
        }
    }
}
