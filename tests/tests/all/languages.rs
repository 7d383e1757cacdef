//! Each client is told in the language of its connection, and all of them the same.

use std::time::Duration;

use end_to_end::{Host, World, waiting::LONGEST, wire::Wire};
use license_client::{
    Client, ClientError, Settings, Watch,
    types::{FeatureId, Language},
};
use license_ipc::{Answer, Change, Encoding, Request, State};
use serde_json::{Value, to_value};

const AMO_CRM: FeatureId = FeatureId(45);

/// The members that hold sentences for people.
const SENTENCES: [&str; 3] = ["message", "reason", "warnings"];

fn settings(host: &Host, language: Language) -> Settings {
    Settings::new(host.socket()).language(language)
}

/// Takes the sentences out of an answer.
fn take_sentences(answer: &mut Value, sentences: &mut Vec<String>) {
    match answer {
        Value::Object(members) => {
            for (name, value) in members {
                if SENTENCES.contains(&name.as_str()) {
                    let said = value.take();
                    let each = said.as_array().cloned().unwrap_or_else(|| vec![said]);
                    sentences.extend(each.iter().map(|sentence| sentence.as_str().unwrap().to_owned()));
                } else {
                    take_sentences(value, sentences);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| take_sentences(value, sentences)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn must_be_in(language: Language, sentence: &str) {
    let is_russian = sentence.chars().any(|c| ('а'..='я').contains(&c));
    assert_eq!(is_russian, language == Language::Russian, "{language}: {sentence}");
}

/// What a client of that language is told, without its sentences, which must be in that language.
fn told_in(host: &Host, language: Language) -> Value {
    let mut client = Client::with(settings(host, language));
    let refusal = match client.capture(FeatureId(9999), None, false) {
        Err(ClientError::Failed(failure)) => failure,
        other => panic!("nobody sells it: {other:?}"),
    };
    let mut told = Value::Array(vec![
        to_value(client.status().unwrap()).unwrap(),
        to_value(client.check(AMO_CRM).unwrap()).unwrap(),
        to_value(client.check_many(vec![AMO_CRM, FeatureId(9999)]).unwrap()).unwrap(),
        to_value(client.explain(AMO_CRM).unwrap()).unwrap(),
        to_value(refusal).unwrap(),
    ]);
    let mut sentences = Vec::new();
    take_sentences(&mut told, &mut sentences);
    assert!(sentences.len() > 5, "{sentences:?}");
    for sentence in &sentences {
        must_be_in(language, sentence);
    }
    told
}

/// What a watcher of that language is told on the way to `state`; its sentences must be in that language.
fn hears_of(watch: &mut Watch, language: Language, state: State) -> Change {
    loop {
        let change = watch.next_within(LONGEST).unwrap().unwrap();
        must_be_in(language, &change.message);
        change.entitlements.iter().for_each(|it| must_be_in(language, &it.message));
        if change.state == state {
            return change;
        }
    }
}

#[test]
fn everybody_is_told_the_same_in_their_own_language_in_every_weather() {
    let mut world = World::new();
    let [mut in_english, mut in_russian] =
        Language::ALL.map(|language| Client::with(settings(&world.host, language)).watch().unwrap());
    let mut all_hear = |host: &Host, state: State| {
        let [english, russian] = Language::ALL.map(|language| told_in(host, language));
        assert_eq!(english, russian);
        let heard = hears_of(&mut in_english, Language::English, state);
        assert_eq!(hears_of(&mut in_russian, Language::Russian, state).code, heard.code);
    };
    all_hear(&world.host, State::Unregistered);

    let number = world.host.register();
    world.host.activate_coupon(&world.server.coupon(81));
    all_hear(&world.host, State::Fresh);

    world.server.kill();
    world.host.recheck_in_vain();
    all_hear(&world.host, State::Offline);

    world.server.start();
    world.server.drop_all(&number);
    world.host.recheck();
    all_hear(&world.host, State::Refused);
}

#[test]
fn a_language_counts_from_the_next_answer_on_and_one_that_nobody_speaks_is_english() {
    let world = World::new();
    let language = |tag: &str| Request::Language { tag: tag.to_owned() };
    for encoding in [Encoding::Json, Encoding::Binary] {
        let mut wire = Wire::to(&world.host);
        for tag in ["ru_RU.UTF-8", "tlh"] {
            wire.ask(&language(tag), encoding).ask(&Request::Status, encoding);
        }
        for language in [Language::Russian, Language::English] {
            let Answer::Done(done) = wire.answer() else { panic!("not done") };
            assert_eq!((done.message.as_str(), done.warnings.len()), ("", 0));
            let Answer::Status(status) = wire.answer() else { panic!("no status") };
            must_be_in(language, &status.message);
        }
    }
}

#[test]
fn a_failure_that_was_stored_is_told_in_each_language_after_a_restart() {
    let (mut world, _number) = World::registered();
    world.server.kill();
    world.host.recheck_in_vain();
    world.host.crash();
    for language in Language::ALL {
        let mut client = Client::with(settings(&world.host, language).deadline(Duration::from_secs(10)));
        must_be_in(language, &client.status().unwrap().last_failure.unwrap().message);
    }
}
