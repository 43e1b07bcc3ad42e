//! The label selector language: `k==v`, `k=v`, `k!=v`, `k`, `!k`, `k in (a,b)`, `k notin (a,b)`,
//! joined by commas that mean "and".

use ennead_hcloud::types::Labels;

use super::labels::{check_key, is_value};

/// A parsed selector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Present,
    Absent,
    AnyOf(Vec<String>),
    NoneOf(Vec<String>),
}

impl Selector {
    /// Parses a selector; the empty text selects everything.
    ///
    /// # Errors
    /// The term that is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        split_outside_brackets(text).into_iter().map(parse_term).collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether the labels satisfy every term. An absent key satisfies `!=` and `notin`.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|term| {
            let value = labels.get(&term.key);
            match &term.test {
                Test::Present => value.is_some(),
                Test::Absent => value.is_none(),
                Test::AnyOf(values) => value.is_some_and(|value| values.contains(value)),
                Test::NoneOf(values) => value.is_none_or(|value| !values.contains(value)),
            }
        })
    }
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth <= 0
    })
    .collect()
}

fn parse_term(text: &str) -> Result<Term, String> {
    let wrong = || format!("label selector term '{}' is not understood", text.trim());
    let (key, test) = split_term(text.trim()).ok_or_else(wrong)?;
    check_key(key).map_err(|_| wrong())?;
    let values = match &test {
        Test::AnyOf(values) | Test::NoneOf(values) => values.as_slice(),
        Test::Present | Test::Absent => &[],
    };
    if !values.iter().all(|value| is_value(value)) {
        return Err(wrong());
    }
    Ok(Term { key: key.to_owned(), test })
}

fn split_term(text: &str) -> Option<(&str, Test)> {
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some(key) = text.strip_prefix('!') {
        return Some((key.trim(), Test::Absent));
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Some((key.trim(), Test::NoneOf(one(value))));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Some((key.trim(), Test::AnyOf(one(value))));
    }
    let Some((head, list)) = text.split_once('(') else {
        return Some((text, Test::Present));
    };
    let values = list.trim_end().strip_suffix(')')?;
    let values: Vec<_> = values.split(',').map(|value| value.trim().to_owned()).collect();
    let (key, word) = head.trim().split_once(char::is_whitespace)?;
    match word.trim() {
        "in" => Some((key, Test::AnyOf(values))),
        "notin" => Some((key, Test::NoneOf(values))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_selects_what_it_says() {
        let labels = Labels::from([
            ("env".to_owned(), "production".to_owned()),
            ("example.com/tier".to_owned(), "control".to_owned()),
            ("empty".to_owned(), String::new()),
        ]);
        let cases = [
            ("", true),
            ("env", true),
            ("type", false),
            ("!env", false),
            ("!type", true),
            ("env=production", true),
            ("env==production", true),
            ("env = production", true),
            ("env=testing", false),
            ("env!=testing", true),
            ("env!=production", false),
            ("type!=database", true),
            ("empty=", true),
            ("env in (testing,production)", true),
            ("env in (testing, staging)", false),
            ("env notin (testing,staging)", true),
            ("env notin (production)", false),
            ("type notin (a)", true),
            ("env=production,type!=database", true),
            ("example.com/tier in (control,app),!type,env", true),
            ("example.com/tier in (control,app),type", false),
        ];
        for (text, expected) in cases {
            assert_eq!(Selector::parse(text).unwrap().matches(&labels), expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["=v", "a=b=c", "a in b", "a in (b", "a near (b)", "a,,b", "!", "a b", ",", "a=(x)"]
        {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }
}
