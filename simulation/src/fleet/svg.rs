//! A curve as a drawing, the same bytes for the same curve.

use std::fmt::Write;

use super::{BEFORE, Curve, Event, SLOT, WATCHED};

const WIDTH: usize = 900;
const HEIGHT: usize = 340;
/// Left of the axis and below it there is room for numbers.
const LEFT: usize = 60;
const BOTTOM: usize = 300;
const TOP: usize = 30;
const RIGHT: usize = 880;

/// How many minutes make one point of a line.
const MINUTES_A_POINT: usize = 5;

/// Draws a curve: requests a second over the hours, with the steady mean and its fivefold.
#[must_use]
pub fn svg(curve: &Curve) -> String {
    let steady = curve.steady();
    let answered = rates(&curve.answered);
    let failed = rates(&curve.failed);
    let most = answered.iter().chain(&failed).fold(5.0 * steady, |most, rate| most.max(*rate)) * 1.08;
    let y = |rate: f64| f64::from(small(BOTTOM)) - rate / most * f64::from(small(BOTTOM - TOP));
    let x = |second: usize| {
        f64::from(small(LEFT))
            + f64::from(small(second)) / f64::from(small(WATCHED)) * f64::from(small(RIGHT - LEFT))
    };
    let title = match curve.event {
        Event::Outage => "the license server is down for 6 hours",
        Event::PowerCut => "all hosts lose power for an hour",
    };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"18\" font-size=\"14\">Requests a second of {} hosts: {title}</text>\n",
        curve.hosts
    );
    let (from, to) = (x(BEFORE), x(curve.event.over()));
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        "<rect x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{}\" fill=\"#eee\"/>",
        to - from,
        BOTTOM - TOP
    );
    for (rate, what, colour) in [(steady, "steady mean", "#2a7"), (5.0 * steady, "five times that", "#c33")] {
        let y = y(rate);
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\" stroke=\"{colour}\" \
             stroke-dasharray=\"4 3\"/>\n<text x=\"{RIGHT}\" y=\"{:.1}\" fill=\"{colour}\" \
             text-anchor=\"end\">{what}: {rate:.0}/s</text>",
            y - 4.0
        );
    }
    for (rates, what, colour, at) in
        [(&failed, "found nobody", "#999", 50), (&answered, "answered", "#14c", 66)]
    {
        if rates.iter().all(|rate| *rate == 0.0) {
            continue;
        }
        let points = rates
            .iter()
            .enumerate()
            .map(|(index, rate)| format!("{:.1},{:.1}", x(index * MINUTES_A_POINT * SLOT), y(*rate)));
        let points = points.collect::<Vec<_>>().join(" ");
        let _ = writeln!(
            out,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"{points}\"/>\n\
             <text x=\"{}\" y=\"{at}\" fill=\"{colour}\">{what}</text>",
            LEFT + 8
        );
    }
    let _ = writeln!(
        out,
        "<path d=\"M{LEFT},{TOP} V{BOTTOM} H{RIGHT}\" fill=\"none\" stroke=\"black\"/>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\">0</text>",
        LEFT - 6,
        BOTTOM + 4
    );
    for hour in (0..=WATCHED / 3600).step_by(2) {
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{hour} h</text>",
            x(hour * 3600),
            BOTTOM + 18
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Requests a second, of each so many minutes.
fn rates(slots: &[u32]) -> Vec<f64> {
    let seconds = f64::from(small(MINUTES_A_POINT * SLOT));
    slots.chunks(MINUTES_A_POINT).map(|chunk| f64::from(chunk.iter().sum::<u32>()) / seconds).collect()
}

/// What is drawn is small enough for any number.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
