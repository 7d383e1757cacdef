//! The module loader over thirty packages, with the license server up, down and back, and the daemon killed:
//! who has a license runs, who loses it is disabled and says why, and comes back by itself.

use end_to_end::{
    World,
    module_loader::{ModuleLoader, Said, thirty_packages},
};

/// The modules that are sold, with MikoPBX itself as one.
const SOLD: [&str; 8] = [
    "ModuleAmoCrm",
    "ModuleBitrix24Integration",
    "ModuleLdapSync",
    "ModuleMikoPBX",
    "ModuleQualityAssessment",
    "ModuleTelegramProvider",
    "ModuleTelephony1C",
    "ModuleUsersUI",
];

/// Those that ask for a feature that nobody sells.
const UNSOLD: [&str; 2] = ["ModuleLargestIds", "ModuleUnsold"];

/// Those that run without a license.
const FREE: [&str; 6] = [
    "ModuleCTIClient",
    "ModuleGreeting",
    "ModulePhoneBook",
    "ModuleSmartIVR",
    "ModuleUsersGroups",
    "МодульТелефонии",
];

/// The one that has a product and no feature.
const FREE_WITH_TRIAL: &str = "ModuleTrialOnly";

fn each(words: &[(&[&str], &str)]) -> Said {
    let named = words.iter().flat_map(|(modules, word)| modules.iter().map(move |module| (module, word)));
    named.map(|(module, word)| ((*module).to_owned(), (*word).to_owned())).collect()
}

/// The words on the modules themselves, without those on packages that none can be read from.
fn installable(mut said: Said) -> Said {
    said.retain(|module, _| !module.starts_with('/'));
    said
}

fn command<'a>(command: &'a str, operands: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    [command].into_iter().chain(operands).collect()
}

/// An hour has passed: MikoPBX itself, and what is to run.
fn after_an_hour(loader: &ModuleLoader, code: i32, base: &str, words: &[(&[&str], &str)]) {
    let mut expected = each(words);
    expected.insert("MikoPBX".to_owned(), base.to_owned());
    assert_eq!(loader.told(code, &["check"]), expected);
}

#[test]
fn modules_are_disabled_with_their_license_and_come_back_with_it() {
    let mut world = World::new();
    let loader = ModuleLoader::of(&world.host);
    let packages = thirty_packages(world.folder.path());
    let install = command("install", packages.iter().map(String::as_str));

    // Nothing that needs a license is installed without a number, and no bad package stops another one.
    let said = loader.told(1, &install);
    assert_eq!(said.values().filter(|event| *event == "Rejected").count(), 13, "{said:#?}");
    let with_product = [&SOLD[..], &UNSOLD, &[FREE_WITH_TRIAL]].concat();
    assert_eq!(installable(said), each(&[(&with_product, "NoNumber 2009"), (&FREE, "Installed")]));

    // With a number it is, and everybody sees what came of the trial.
    let number = world.host.register();
    let trials = installable(loader.trials(1, &install));
    assert_eq!(
        trials,
        each(&[
            (&SOLD, "true null"),
            (&[FREE_WITH_TRIAL], "true null"),
            (&UNSOLD, "false 2008"),
            (&FREE, "none"),
        ])
    );
    let all = [&SOLD[..], &UNSOLD, &[FREE_WITH_TRIAL], &FREE].concat();
    assert_eq!(loader.conditions(), each(&[(&all, "DisabledByUser")]));

    // Who has a license is enabled, and so is who needs none.
    let enabled = loader.told(1, &command("enable", all.iter().copied()));
    let free = [&FREE[..], &[FREE_WITH_TRIAL]].concat();
    let as_it_was: &[(&[&str], &str)] =
        &[(&SOLD, "Enabled"), (&UNSOLD, "DisabledByLicense 2008"), (&free, "Enabled")];
    assert_eq!(enabled, each(as_it_was));
    assert_eq!(world.server.captured(&number, 54), 1, "the trial's seat");
    after_an_hour(&loader, 1, "BaseLicensed", &as_it_was[..2]);

    // The license server goes away, then the daemon too: nothing is disabled.
    world.server.kill();
    assert_eq!(world.host.recheck_in_vain(), "no_answer 1012");
    after_an_hour(&loader, 1, "BaseLicensed", &as_it_was[..2]);
    world.host.kill();
    let without_a_word: &[(&[&str], &str)] = &[(&SOLD, "GoesOn"), (&UNSOLD, "DisabledByLicense 2008")];
    after_an_hour(&loader, 3, "BaseUnclear", without_a_word);
    assert_eq!(loader.conditions(), each(as_it_was));
    world.host.start();
    after_an_hour(&loader, 1, "BaseLicensed", &as_it_was[..2]);

    // It is back, and the license is lost: who had one is disabled, and told why in the user's language.
    world.server.start();
    world.server.drop_all(&number);
    world.host.recheck();
    let told = loader.run(&["check"]).ended_with(1).stdout;
    assert!(told.contains("У самой MikoPBX нет лицензии; звонки всё равно работают. (2008)"), "{told}");
    for (module, feature, product) in [("ModuleAmoCrm", 45, 81), ("ModuleUsersUI", 51, 127)] {
        let why = format!(
            "Модуль {module} выключен: его лицензия больше не действует. (2008) Функция {feature}, продукт {product}: \
             лицензии нет, или она привязана к другому компьютеру."
        );
        assert!(told.contains(&why), "{told}");
    }
    assert_eq!(told.matches("его лицензия больше не действует").count(), SOLD.len(), "{told}");
    let no_license = [&SOLD[..], &UNSOLD].concat();
    let lost: &[(&[&str], &str)] = &[(&no_license, "DisabledByLicense 2008"), (&free, "Enabled")];
    assert_eq!(loader.conditions(), each(lost));

    // Neither an hour nor a fault brings anything back.
    after_an_hour(&loader, 1, "BaseUnlicensed 2008", &lost[..1]);
    world.host.kill();
    after_an_hour(&loader, 3, "BaseUnclear", &lost[..1]);
    assert_eq!(loader.told(3, &["enable", "ModuleAmoCrm"])["ModuleAmoCrm"], "DisabledByLicense 2008");
    world.host.start();

    // One of them is disabled by a person. The license is regained: the others come back by themselves.
    loader.told(0, &["disable", "ModuleUsersUI"]);
    world.host.licensectl(&["activate", &number]).ended_with(0);
    let come_back: Vec<&str> = SOLD.into_iter().filter(|module| *module != "ModuleUsersUI").collect();
    after_an_hour(
        &loader,
        1,
        "BaseLicensed",
        &[(&come_back, "CameBack"), (&UNSOLD, "DisabledByLicense 2008")],
    );
    assert_eq!(
        loader.conditions(),
        each(&[
            (&come_back, "Enabled"),
            (&free, "Enabled"),
            (&UNSOLD, "DisabledByLicense 2008"),
            (&["ModuleUsersUI"], "DisabledByUser"),
        ])
    );
}

#[test]
fn a_free_seat_is_taken_by_itself_and_a_dropped_one_by_a_persons_word_alone() {
    let (world, number) = World::with_coupon();
    let second = world.another_host("second");
    second.licensectl(&["activate", &number]).ended_with(0);
    let packages = thirty_packages(world.folder.path());
    let package = packages.iter().find(|package| package.ends_with("/ModuleAmoCrm")).unwrap();
    let [here, there] = [&world.host, &second].map(|host| {
        let loader = ModuleLoader::of(host);
        assert_eq!(loader.becomes("ModuleAmoCrm", &["install", package]), "Installed");
        loader
    });
    assert_eq!(here.becomes("ModuleAmoCrm", &["enable", "ModuleAmoCrm"]), "Enabled");
    assert_eq!(there.becomes("ModuleAmoCrm", &["enable", "ModuleAmoCrm"]), "DisabledByLicense 2008");

    // The vendor drops the seat of the first host: it is free, and the first host does not take it back.
    let session = session(&world, &number);
    let drop = ["binding", "drop", "--number", &number, "--session", &session];
    world.server.admin(&drop).ended_with(0);
    world.host.recheck();
    assert_eq!(here.becomes("ModuleAmoCrm", &["check"]), "LostLicense 2008");
    assert_eq!(here.becomes("ModuleAmoCrm", &["check"]), "DisabledByLicense 2008");
    world.host.licensectl(&["capture", "45", "--reclaim"]).ended_with(0);
    assert_eq!(here.becomes("ModuleAmoCrm", &["check"]), "CameBack");

    // The first host gives it back. The second one, which waited for a seat, takes it by itself.
    second.recheck();
    assert_eq!(there.becomes("ModuleAmoCrm", &["check"]), "DisabledByLicense 2008");
    let session = world.host.checked(45)["session"].as_str().unwrap().to_owned();
    world.host.licensectl(&["release", &session]).ended_with(0);
    second.recheck();
    assert_eq!(there.becomes("ModuleAmoCrm", &["check"]), "CameBack");
    assert_eq!(world.server.captured(&number, 45), 1);
}

/// The one captured seat of feature 45.
fn session(world: &World, number: &str) -> String {
    let seats = world.server.bindings(number);
    let seat = seats.iter().find(|seat| seat["feature"] == 45).unwrap();
    seat["session"].as_str().unwrap().to_owned()
}
