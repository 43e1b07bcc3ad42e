//! The words of a zone file: what stands between blanks, with quotes kept as they were written.

/// Splits a record's value into words. A word is taken whole where it is quoted.
///
/// # Errors
/// In words: an open quote, a control character, or a sign that means something else in a zone file.
pub(crate) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => {
                let next = signs.next().ok_or("ends with a backslash")?;
                if next.is_control() {
                    return Err("contains a control character".to_owned());
                }
                word.extend([sign, next]);
            }
            '"' => {
                quoted = !quoted;
                word.push(sign);
                // `"a""b"` are two words.
                if !quoted && word.starts_with('"') {
                    words.push(std::mem::take(&mut word));
                }
            }
            ' ' | '\t' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            ';' | '(' | ')' if !quoted => return Err(format!("contains '{sign}' without quotes")),
            _ if sign.is_control() => return Err("contains a control character".to_owned()),
            _ => word.push(sign),
        }
    }
    if quoted {
        return Err("contains a quote that is not closed".to_owned());
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// Returns the bytes that a quoted word stands for; `\DDD` is one byte, `\x` is x itself.
///
/// # Errors
/// In words: the word is not quoted, or an escape names no byte.
pub(crate) fn unquote(word: &str) -> Result<Vec<u8>, String> {
    let inner = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.ok_or("must be put in double quotes")?;
    let mut bytes = Vec::new();
    let mut signs = inner.chars();
    while let Some(sign) = signs.next() {
        let sign = if sign == '\\' {
            let next = signs.next().ok_or("ends with a backslash")?;
            if next.is_ascii_digit() {
                let digits: String = std::iter::once(next).chain(signs.by_ref().take(2)).collect();
                let byte = digits.parse::<u8>().ok().filter(|_| digits.len() == 3);
                bytes.push(byte.ok_or_else(|| format!("'\\{digits}' is no byte"))?);
                continue;
            }
            next
        } else {
            sign
        };
        bytes.extend_from_slice(sign.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(bytes)
}

/// An entry of a zone file: its words, and whether it began with a blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The line on which it begins, from 1.
    pub(crate) line: usize,
    /// Whether it belongs to the name of the entry before.
    pub(crate) is_indented: bool,
    /// Its words; never empty.
    pub(crate) words: Vec<String>,
}

/// Splits a zone file into entries: comments are dropped, parentheses join lines.
///
/// # Errors
/// In words, with the line.
pub(crate) fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let mut all = Vec::new();
    let mut open = false;
    let mut joined = String::new();
    let mut first = 1;
    for (index, line) in text.lines().enumerate() {
        let fail = |why: String| format!("line {}: {why}", index + 1);
        if !open {
            (first, joined) = (index + 1, String::new());
        }
        let (plain, still) = plain_line(line, open).map_err(fail)?;
        open = still;
        joined.push_str(&plain);
        if !open {
            let words = split(&joined).map_err(fail)?;
            let is_indented = joined.starts_with([' ', '\t']);
            if !words.is_empty() {
                all.push(Entry { line: first, is_indented, words });
            }
        }
    }
    if open { Err("a parenthesis is not closed".to_owned()) } else { Ok(all) }
}

/// Returns a line without its comment and with blanks for parentheses, and whether one is open.
fn plain_line(line: &str, mut open: bool) -> Result<(String, bool), String> {
    let mut plain = String::new();
    let mut quoted = false;
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => plain.extend(std::iter::once(sign).chain(signs.next())),
            '"' => {
                quoted = !quoted;
                plain.push(sign);
            }
            ';' if !quoted => break,
            '(' if !quoted && !open => {
                open = true;
                plain.push(' ');
            }
            ')' if !quoted && open => {
                open = false;
                plain.push(' ');
            }
            _ => plain.push(sign),
        }
    }
    if quoted {
        return Err("a quote is not closed".to_owned());
    }
    // The end of a line inside parentheses separates words.
    plain.push(if open { ' ' } else { '\t' });
    Ok((plain, open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_keep_a_word_together() {
        assert_eq!(split("10  mail").unwrap(), ["10", "mail"]);
        assert_eq!(split(r#""a b" "c;d""#).unwrap(), [r#""a b""#, r#""c;d""#]);
        assert_eq!(split(r#"1 . alpn="h2, h3""#).unwrap(), ["1", ".", r#"alpn="h2, h3""#]);
        assert_eq!(split(r#""a\"b""#).unwrap(), [r#""a\"b""#]);
        for bad in ["\"open", "a;b", "(a)", "a\nb", "a\\", "\"a\\\nb\""] {
            assert!(split(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn escapes_are_bytes_or_the_sign_itself() {
        assert_eq!(unquote(r#""a\"b\065\\""#).unwrap(), b"a\"bA\\");
        assert_eq!(unquote("\"ü\"").unwrap(), "ü".as_bytes());
        for bad in ["plain", "\"", r#""\256""#, r#""\1""#] {
            assert!(unquote(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parentheses_join_lines_and_comments_go() {
        let text = "a IN SOA x y ( 1 ; serial\n 2 )\n\tA 10.0.0.1 ; \"x\n\n; nothing\n";
        let found = entries(text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].words, ["a", "IN", "SOA", "x", "y", "1", "2"]);
        assert!(!found[0].is_indented);
        assert_eq!((found[1].line, found[1].is_indented), (3, true));
        assert!(entries("a A (").is_err());
        assert!(entries("a A )").is_err());
    }
}
