//! `witness.*` and `witnesses.*`: who is asked to cosign checkpoints, and how many must have done so.

use super::keys::Keys;
use ledger::cosignature::WitnessKey;

/// Witnesses that are asked at most: each is asked about every tree.
const WITNESSES_MAX: usize = 16;

/// `witness.*` and `witnesses.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// `witness.quorum`: the served checkpoint is the newest that so many witnesses have cosigned; 0: the newest published one,
    /// with the cosignatures that it has.
    pub quorum: usize,
    /// `witness.timeout_ms`: how long a witness may take to answer.
    pub timeout_ms: u64,
    /// `witness.partitions`: whether the trees of partitions are witnessed, too.
    pub partitions: bool,
    /// `witnesses.<name>`: whom to ask, by name.
    pub asked: Vec<AskedWitness>,
}

/// One of `witnesses.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedWitness {
    /// Its name in the configuration.
    pub name: String,
    /// Before `/add-checkpoint`, without a slash at its end.
    pub url: String,
    /// What its cosignatures are checked with.
    pub key: WitnessKey,
}

impl Witness {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let quorum = keys.bounded("witness.quorum", 0, 0..=WITNESSES_MAX);
        let timeout_ms = keys.bounded("witness.timeout_ms", 5_000, 100..=60_000);
        let partitions = keys.take("witness.partitions", true);
        let mut asked: Vec<AskedWitness> = Vec::new();
        for (name, text) in keys.take_all::<String>("witnesses") {
            let key = format!("witnesses.{name}");
            let shown = format!("can't be {text:?}");
            match read(&name, &text) {
                Err(wanted) => keys.fault(&key, shown, wanted),
                Ok(witness) if asked.iter().any(|other| other.key == witness.key) => {
                    keys.fault(&key, "has the key of another witness".to_owned(), "name each witness once".to_owned());
                }
                Ok(_) if asked.len() == WITNESSES_MAX => {
                    let what = format!("is one of more than {WITNESSES_MAX} witnesses");
                    keys.fault(&key, what, "remove some".to_owned());
                }
                Ok(witness) => asked.push(witness),
            }
        }
        if quorum > asked.len() {
            keys.fault(
                "witness.quorum",
                format!("is {quorum}, more than there are witnesses ({})", asked.len()),
                "name witnesses as witnesses.NAME = \"URL KEY\", or ask for fewer".to_owned(),
            );
        }
        Self { quorum, timeout_ms, partitions, asked }
    }

    /// The keys of all that are asked.
    pub fn keys(&self) -> Vec<WitnessKey> {
        self.asked.iter().map(|witness| witness.key.clone()).collect()
    }
}

fn read(name: &str, text: &str) -> Result<AskedWitness, String> {
    let wanted = "write its URL, a space, and its key: \"https://witness.example/prefix NAME+ID+KEY\"";
    let (url, key) = text.split_once(' ').ok_or(wanted)?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(wanted.to_owned());
    }
    let key = WitnessKey::from_text(key).map_err(|fault| format!("{wanted} ({fault})"))?;
    Ok(AskedWitness { name: name.to_owned(), url: url.trim_end_matches('/').to_owned(), key })
}
