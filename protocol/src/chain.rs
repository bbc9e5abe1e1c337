//! An error in one line: how a health document says it, and every log and terminal.

/// An error and what caused it, one after the other: `a: b: c`.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outside")]
    struct Outside(#[source] Inside);

    #[derive(Debug, thiserror::Error)]
    #[error("inside")]
    struct Inside;

    #[test]
    fn what_caused_an_error_stands_behind_it() {
        assert_eq!((chain(&Outside(Inside)), chain(&Inside)), ("outside: inside".to_owned(), "inside".to_owned()));
    }
}
