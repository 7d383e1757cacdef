use super::*;

fn drawn(width: Option<usize>, is_styled: bool, draw: impl FnOnce(&mut Page)) -> String {
    let mut page = Page::new(Look { width, is_styled });
    draw(&mut page);
    page.into_text()
}

#[test]
fn a_line_wraps_at_words_by_the_width_that_is_seen() {
    let text = drawn(Some(20), false, |page| page.line("Компьютер привязан к номеру 漢字漢字"));
    assert_eq!(text, "Компьютер привязан к\n  номеру 漢字漢字");
    assert!(text.lines().all(|line| line.width() <= 20), "{text}");
}

#[test]
fn nothing_wraps_where_there_is_no_terminal() {
    let long = "word ".repeat(100);
    assert_eq!(drawn(None, false, |page| page.line(&long)), long.trim_end());
}

#[test]
fn a_word_is_never_cut() {
    let text = drawn(Some(10), false, |page| page.line("see https://license.example/cabinet now"));
    assert_eq!(text, "see\n  https://license.example/cabinet\n  now");
}

#[test]
fn columns_stand_below_each_other_and_the_last_one_wraps() {
    let rows = [
        vec!["33".into(), "MikoPBX".into(), Words::new(Style::Good, "granted")],
        vec!["145".into(), "Очередь".into(), "denied because nobody has bought it yet".into()],
    ];
    let text = drawn(Some(44), false, |page| page.table(2, &rows));
    assert_eq!(
        text,
        "  33   MikoPBX  granted\n  145  Очередь  denied because nobody has\n                bought it yet"
    );
}

#[test]
fn on_a_narrow_terminal_the_cells_of_a_row_follow_each_other() {
    let rows = [vec!["a long first column".into(), "and what belongs to it".into()]];
    let text = drawn(Some(24), false, |page| page.table(2, &rows));
    assert_eq!(text, "  a long first column ·\n      and what belongs\n      to it");
    let text = drawn(Some(24), false, |page| page.fields(2, [("company".to_owned(), "Acme".into())]));
    assert_eq!(text, "  company: Acme");
}

#[test]
fn styles_take_no_room_and_are_ended_within_their_line() {
    let words = Words::new(Style::Bad, "denied for good").and(Style::Plain, "!");
    let text = drawn(Some(12), true, |page| page.line(words.clone()));
    assert_eq!(text, "\x1b[31mdenied for\x1b[0m\n  \x1b[31mgood\x1b[0m!");
    assert_eq!(drawn(None, false, |page| page.line(words)), "denied for good!");
}

#[test]
fn a_text_cannot_steer_the_terminal_or_begin_a_line() {
    let text = drawn(None, true, |page| page.line("Bound.\u{1b}[2J\r\nFeature\u{202e}45"));
    assert_eq!(text, "Bound. [2J Feature 45");
}

#[test]
fn a_gap_is_one_line_and_never_the_first_or_the_last() {
    let text = drawn(None, false, |page| {
        page.gap();
        page.line("a");
        page.gap();
        page.gap();
        page.line("b");
        page.gap();
    });
    assert_eq!(text, "a\n\nb");
}

#[test]
fn words_are_joined_with_a_space_where_there_are_some() {
    let words = Words::default().then("a".into()).then(Words::default()).then("b".into());
    assert_eq!(drawn(None, false, |page| page.line(words)), "a b");
}
