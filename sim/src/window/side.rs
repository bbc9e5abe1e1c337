//! What stands beside the glass: what the page shows, as far as there is room for it.

use super::{
    View, keys,
    rows::{LETTERS, Piece, Row, Tone, fit, shortened},
    told::{is_whole, problem},
};
use crate::desk::{About, Command, FaultLine, Saying, State};
use touchpoint_agent::status::Phase;
use touchpoint_protocol::name::VisitKind;

/// Least height of the window, in pixels: that of a glass of 1024x768.
pub(super) const LOWEST: u32 = 768;

/// Facts, and lines of the log, that are shown.
const LAST: usize = 4;

/// Letters of a customer's key and name.
const NAME: usize = 15;

/// Everything, from the top, as many rows as the window has.
pub(super) fn rows(view: &View, state: &State) -> Vec<Row> {
    let mut rows = machine(view, state);
    rows.extend(customers(view, state));
    rows.extend(faults(state));
    let below: Vec<Row> = journal(state).into_iter().chain(log(view, state)).chain(help()).collect();
    // The decision has what room there is.
    let room = fit(view.size().height).saturating_sub(rows.len() + below.len());
    let mut decision = decision(state, room.saturating_sub(4));
    decision.resize_with(room, Row::default);
    rows.into_iter().chain(decision).chain(below).collect()
}

/// The machine, head office and what is between them.
fn machine(view: &View, state: &State) -> Vec<Row> {
    let (kiosk, office, line) = (&state.kiosk, &state.office, state.line.as_ref());
    let fact =
        |name: &str, tone, text: &str| Row(vec![Piece::new(format!("{name:<13}"), Tone::Pale), Piece::new(text, tone)]);
    let good = |is: bool, otherwise| if is { Tone::Good } else { otherwise };
    let refused = match (kiosk.unpresented, kiosk.unrecorded) {
        (0, 0) => String::new(),
        (pictures, facts) => format!("; {pictures} pictures refused, {facts} facts not recorded"),
    };
    let phase = kiosk.phase.map_or("off", word);
    let up = line.is_some_and(|line| line.connected);
    let why = line.and_then(|line| line.last_error.as_deref()).map_or("down".to_owned(), |why| format!("down: {why}"));
    let held = line.map(|line| format!("{} tokens, campaigns of revision {}", line.customers, line.campaigns));
    let next = match &view.typing {
        Some(typing) => fact("Typed", Tone::Strong, &typing.told()),
        None => fact("Next visit", Tone::Plain, &next_visit(&view.saying)),
    };
    vec![
        Row::of("Machine", Tone::Heading),
        fact("Kiosk", good(kiosk.phase.is_some(), Tone::Bad), &format!("{phase}{refused}")),
        fact("Line", good(up, Tone::Bad), if up { "up" } else { &why }),
        fact("Head office", good(office.serving, Tone::Bad), if office.serving { "serving" } else { "down" }),
        fact("Device holds", good(is_whole(state), Tone::Doubtful), held.as_deref().unwrap_or("not known")),
        next,
        Row::default(),
    ]
}

fn customers(view: &View, state: &State) -> Vec<Row> {
    let customer = |about: &About| {
        let does = || Command::Insert { customer: about.id.clone(), visit: view.saying.clone() };
        let (name, rest) = match state.kiosk.customer.as_ref() == Some(&about.name) {
            true => (Tone::Chosen, Tone::Chosen),
            false => (Tone::Strong, Tone::Pale),
        };
        let story = shortened(&about.story, LETTERS - NAME);
        Row(vec![
            Piece::button(format!(" {} ", keys::letter(about)), Tone::Key, does()),
            Piece::button(format!(" {:<width$}", about.name, width = NAME - 4), name, does()),
            Piece::button(format!("{story:<width$}", width = LETTERS - NAME), rest, does()),
        ])
    };
    let rows = state.customers.iter().map(customer);
    [Row::of("Customers", Tone::Heading)].into_iter().chain(rows).chain([Row::default()]).collect()
}

/// Three beside each other.
fn faults(state: &State) -> Vec<Row> {
    let fault = |(number, line): (usize, &FaultLine)| {
        let does = || Command::Fault { fault: line.fault, on: !line.on };
        let tone = match (line.on, &line.unavailable) {
            (true, _) => Tone::Alarm,
            (false, None) => Tone::Plain,
            (false, Some(_)) => Tone::Pale,
        };
        [
            Piece::button(format!(" {number} "), Tone::Key, does()),
            Piece::button(format!(" {:<width$}", line.title, width = LETTERS / 3 - 4), tone, does()),
        ]
    };
    let numbered: Vec<(usize, &FaultLine)> = (1..).zip(&state.faults).collect();
    let rows = numbered.chunks(3).map(|faults| Row(faults.iter().copied().flat_map(fault).collect()));
    [Row::of("Faults, with Shift", Tone::Heading)].into_iter().chain(rows).chain([Row::default()]).collect()
}

/// What was decided, and why this many campaigns won or lost.
fn decision(state: &State, most: usize) -> Vec<Row> {
    let heading = Row::of("Decision", Tone::Heading);
    let visit = match (&state.visit, state.kiosk.phase) {
        (_, None) => return vec![heading, Row::of("The machine has no power: nobody decides anything.", Tone::Pale)],
        (None, _) => return vec![heading, Row::of("Nobody has come yet.", Tone::Pale)],
        (Some(visit), _) => visit,
    };
    let who = if visit.known { "A known customer is shown " } else { "A stranger is shown " };
    let (what, tone) = match (visit.reason, &visit.campaign) {
        (None, Some(campaign)) => (campaign.to_string(), Tone::Good),
        (Some(reason), _) => (format!("nothing: {reason}"), Tone::Doubtful),
        (None, None) => ("nothing".to_owned(), Tone::Doubtful),
    };
    let took = visit.card_to_pixels_us.filter(|_| visit.reason.is_none());
    let took = took.map(|us| format!(", {:.1} ms to pixels", us as f64 / 1000.0)).unwrap_or_default();
    let ending = visit.ending.map(|ending| format!("; ended: {ending}")).unwrap_or_default();
    let shown = [Piece::new(who, Tone::Plain), Piece::new(what, tone), Piece::new(took + &ending, Tone::Pale)];
    let mut verdicts: Vec<_> = state.verdicts.iter().collect();
    verdicts.sort_by_key(|line| match line.verdict {
        "won" => 0,
        "outranked" => 1,
        _ => 2,
    });
    let more = verdicts.len().saturating_sub(most);
    let verdicts = verdicts.into_iter().take(most).map(|line| {
        let tone = if line.verdict == "won" { Tone::Good } else { Tone::Pale };
        let why = line.why.as_deref().unwrap_or(line.verdict);
        Row(vec![Piece::new(format!("{:<18} ", line.campaign.as_str()), Tone::Plain), Piece::new(why, tone)])
    });
    let more = (more > 0).then(|| Row::of(format!("and {more} more"), Tone::Pale));
    [heading, Row(shown.into())].into_iter().chain(verdicts).chain(more).collect()
}

fn journal(state: &State) -> Vec<Row> {
    let journal = &state.journal;
    let tone = if journal.waiting == 0 { Tone::Good } else { Tone::Doubtful };
    let safe = format!("{} recorded, {} safe at head office", journal.recorded, journal.confirmed);
    let mut rows = vec![Row(vec![Piece::new("Journal  ", Tone::Heading), Piece::new(safe, tone)])];
    rows.extend(journal.last.iter().take(LAST).map(|fact| {
        let (mark, tone) = match fact.sequence <= journal.confirmed {
            true => ("safe   ", Tone::Good),
            false => ("waits  ", Tone::Doubtful),
        };
        let number = Piece::new(format!("{:>4} ", fact.sequence), Tone::Pale);
        Row(vec![number, Piece::new(mark, tone), Piece::new(fact.what.clone(), Tone::Plain)])
    }));
    rows.resize_with(LAST + 2, Row::default);
    rows
}

/// What was refused last, what is wrong with the campaign files, and then the log, the latest first.
fn log(view: &View, state: &State) -> Vec<Row> {
    let refusal = view.refusal.iter().map(|refusal| Row::of(refusal, Tone::Bad));
    let problems = state.office.problems.iter().map(|line| Row::of(problem(line), Tone::Bad));
    let lines = state.log.iter().rev().map(|line| {
        let tone = if line.level == "INFO" { Tone::Plain } else { Tone::Doubtful };
        Row(vec![Piece::new(format!("{:<6} ", line.who), Tone::Pale), Piece::new(line.text.clone(), tone)])
    });
    let mut rows = vec![Row::of("Log", Tone::Heading)];
    rows.extend(refusal.chain(problems).chain(lines).take(LAST));
    rows.resize_with(LAST + 2, Row::default);
    rows
}

fn help() -> impl Iterator<Item = Row> {
    let lines = keys::HELP.into_iter().map(|line| Row::of(line, Tone::Pale));
    [Row::of("Keys", Tone::Heading)].into_iter().chain(lines)
}

/// What is said of the visits to come.
fn next_visit(saying: &Saying) -> String {
    let purpose = saying.kind.as_ref().map_or("its purpose is not said", VisitKind::as_str).to_owned();
    let amount = saying.amount.as_ref().map(|amount| format!("{amount} amount"));
    let large = saying.large_text.unwrap_or(false).then(|| "large text".to_owned());
    let contrast = saying.high_contrast.unwrap_or(false).then(|| "high contrast".to_owned());
    [Some(purpose), amount, large, contrast].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What the agent is doing, in words.
fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Attract => "attract",
        Phase::Showing => "showing",
        Phase::PinEntry => "PIN entry",
        Phase::Thanks => "thanks",
        Phase::OutOfOrder => "out of order",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::{
        desk::{Desk, Mounts, Options, SetUp, Tail},
        screen::Glass,
        window::rows::fit,
    };
    use std::collections::BTreeSet;
    use touchpoint_display::Size;

    /// A desk at which Dora has come, by her key.
    async fn dora() -> (View, State) {
        let options = Options {
            customers: "20".parse().unwrap(),
            seed: 1,
            campaigns: None,
            screen: Size::new(1024, 768),
            set_up: SetUp::default(),
            clock: Some("2026-11-02T10:15:00+01:00".parse().unwrap()),
            log: Tail::default(),
            mounts: Mounts::own(),
        };
        let (desk, attended) = Desk::set_up(options).await.unwrap();
        let whole = State::clone(&*desk.state().wait_for(|state| is_whole(state)).await.unwrap());
        let mut view = View::of(desk.glass());
        desk.command(keys::command("D", false, &mut view, &whole).unwrap()).await.unwrap();
        let state = State::clone(&desk.state().borrow());
        attended.close().await.unwrap();
        (view, state)
    }

    fn text(row: &Row) -> String {
        row.0.iter().map(|piece| piece.text.as_str()).collect()
    }

    #[tokio::test]
    async fn beside_a_glass_of_any_size_stand_the_decision_and_the_keys_and_no_button_is_cut() {
        let (_, state) = dora().await;
        for size in [(320, 240), (1024, 768), (1280, 1024), (1920, 1080), (1080, 1920)] {
            let view = View::of(&Glass::new(size.into()));
            let rows = rows(&view, &state);
            assert_eq!(rows.len(), fit(view.size().height), "{size:?}");
            assert_eq!(text(rows.last().unwrap()), keys::HELP[keys::HELP.len() - 1]);
            let lines: Vec<String> = rows.iter().map(text).collect();
            let decided =
                lines.iter().position(|line| line.starts_with("A known customer is shown round-up,")).unwrap();
            assert!(lines[decided + 1].starts_with("round-up           won"), "{lines:?}");
            assert!(lines.iter().any(|line| line.ends_with("shown: round-up in en")), "{lines:?}");
            let buttons = rows.iter().filter(|row| row.0.iter().any(|piece| piece.does.is_some()));
            assert!(buttons.clone().count() > 9 && buttons.clone().all(|row| text(row).chars().count() <= LETTERS));
        }
    }

    #[tokio::test]
    async fn what_the_next_visit_is_like_is_said_key_by_key_and_taken_back() {
        let (mut view, state) = dora().await;
        let mut press = |name| {
            assert!(keys::command(name, false, &mut view, &state).is_none());
            next_visit(&view.saying)
        };
        assert_eq!(press("V"), "withdrawal");
        assert_eq!(press("W"), "withdrawal, small amount");
        let read = ["R"; 4].map(&mut press);
        assert_eq!(read[0], "withdrawal, small amount, large text");
        assert_eq!(read[2], "withdrawal, small amount, large text, high contrast");
        assert_eq!(read[3], "withdrawal, small amount");
        let command = keys::command("D", false, &mut view, &state);
        assert!(matches!(command, Some(Command::Insert { visit, .. }) if visit == view.saying));
        // She is spoken to in English, and the next language is German.
        let german = keys::command("N", false, &mut view, &state);
        assert!(matches!(german, Some(Command::Language { language }) if language.as_str() == "de"));
    }

    #[tokio::test]
    async fn every_customer_and_every_fault_has_a_key_of_its_own() {
        let (mut view, state) = dora().await;
        let letters: BTreeSet<String> = state.customers.iter().map(keys::letter).collect();
        assert_eq!(letters.len(), state.customers.len());
        for about in &state.customers {
            let command = keys::command(&keys::letter(about), false, &mut view, &state);
            assert!(matches!(command, Some(Command::Insert { customer, .. }) if customer == about.id));
        }
        for (number, line) in (1..).zip(&state.faults) {
            let command = keys::command(&format!("{number}"), true, &mut view, &state);
            assert!(matches!(command, Some(Command::Fault { fault, on: true }) if fault == line.fault));
        }
        assert!(letters.is_disjoint(&["L", "M", "N", "P", "R", "T", "V", "W", "X"].map(str::to_owned).into()));
        let answer = keys::command("2", false, &mut view, &state);
        assert!(
            matches!(answer, Some(Command::Answer { answer }) if answer == state.visit.as_ref().unwrap().answers[1])
        );
    }
}
