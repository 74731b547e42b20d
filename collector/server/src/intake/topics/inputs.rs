//! The configured input topics as one subscription. Never asks which of them there are.

use crate::config::TopicPattern;
use crate::log::Inputs;

/// Topics and patterns as one subscription.
pub(super) fn inputs(topics: &[TopicPattern]) -> Inputs {
    let plain = |topic: &TopicPattern| match topic {
        TopicPattern::Name(name) => Some(name.clone()),
        TopicPattern::Pattern(_) => None,
    };
    if let Some(names) = topics.iter().map(plain).collect::<Option<Vec<_>>>() {
        return Inputs::Topics(names);
    }
    let part = |topic: &TopicPattern| match topic {
        TopicPattern::Name(name) => format!("{}$", name.replace('.', "\\.")),
        TopicPattern::Pattern(pattern) => pattern.trim_start_matches('^').to_owned(),
    };
    Inputs::Pattern(format!("^({})", topics.iter().map(part).collect::<Vec<_>>().join("|")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns_become_one_subscription() {
        let check = |topics: &[&str], wanted: Inputs| {
            let topics: Vec<_> = topics.iter().map(|topic| TopicPattern::from((*topic).to_owned())).collect();
            assert_eq!(inputs(&topics), wanted);
        };
        check(&["a.b", "c"], Inputs::Topics(vec!["a.b".to_owned(), "c".to_owned()]));
        check(&["^x-.*"], Inputs::Pattern("^(x-.*)".to_owned()));
        check(&["a.b", "^x-.*"], Inputs::Pattern("^(a\\.b$|x-.*)".to_owned()));
    }
}
