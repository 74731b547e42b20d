//! Requests written by another implementation (Python), their one spelling, and every way of the judgement.

use proptest::prelude::*;

use super::*;
use crate::key::VerifierKey;
use crate::note::{Note, NoteFault};
use crate::tree::{EMPTY_ROOT, Frontier, Hash, HashReader, LEAVES_MAX, leaf_hash, prove_consistency};

/// From 7 leaves to 11, of the log whose leaves are "leaf 0", "leaf 1", ….
const REQUEST: &str = concat!(
    "old 7\n",
    "+3+GnOi3tR/fcZ/IwhpHNsmMwWCoJWBqgfeKf00iYdk=\n",
    "S0cR0FayJ4OSwjH9QYWK3qjKiTrQxwSPV9omggAoRf4=\n",
    "dauSgmjIb0TaXUJBGI7XHkqrLU131tUBF9rZSoQu3gM=\n",
    "T2MQhKFXxU9U/Psj/164ZQxLoWDClbsTqYMrEJ1SZ34=\n",
    "TtorR3MgCZLu9sh3uvxlnFyIlS2f3AeykI5dJgJW+xQ=\n",
    "\n",
    "log.example/orders\n11\ntubAHcNe8yoG1ShcXR8u5hcSynqvU9EI/ULCvRwUFgc=\n\n",
    "— log.example/orders mtZCh0iauFqngu+JNXGQoyIRzDI0reE4L+WE6FLciZWqqTXJoNzD7cKptbSFLudt+jATbAZvbUzm2NZcXNuzwcQhHA4=\n",
);
const LOG: &str = "log.example/orders+9ad64287+AWa+fjMsekUzMr2dCn99sFX1xe8aBq2mbZizn7aBDEc6";

struct Stored(Vec<Hash>);

impl HashReader for Stored {
    type Error = u64;
    fn read(&self, index: u64) -> Result<Hash, u64> {
        self.0.get(index as usize).copied().ok_or(index)
    }
}

/// The log above, of `size` leaves; a fork of it has another leaf at `forked`.
fn log(size: u64, forked: Option<u64>) -> (TreeHead, Stored) {
    let (mut frontier, mut stored) = (Frontier::new(), Stored(vec![]));
    for at in 0..size {
        let leaf = if forked == Some(at) { "forged".to_owned() } else { format!("leaf {at}") };
        frontier.push(leaf_hash(leaf.as_bytes()), |_, hash| stored.0.push(*hash));
    }
    (TreeHead { origin: "log.example/orders".into(), size, root: frontier.root() }, stored)
}

#[test]
fn a_request_written_by_another_implementation_is_read_and_judged() {
    let request = AddCheckpoint::from_bytes(REQUEST.as_bytes()).unwrap();
    assert_eq!((request.old_size, request.proof.len()), (7, 5));
    let head = TreeHead::verify(&request.checkpoint, &[VerifierKey::from_text(LOG).unwrap()]).unwrap();
    assert_eq!(head, log(11, None).0, "Python's tree is ours");
    assert_eq!(judge(Some(&log(7, None).0), request.old_size, &request.proof, &head), Ok(()));
    assert_eq!(request.proof, prove_consistency(7, 11, &log(11, None).1).unwrap());
}

#[test]
fn every_way_of_the_judgement() {
    let (new, stored) = log(11, None);
    let proof = |old| prove_consistency(old, 11, &stored).unwrap();
    let check = |what: &str, known: Option<u64>, old: u64, proof: &[Hash], expected: Result<(), Refusal>| {
        let known = known.map(|size| log(size, None).0);
        assert_eq!(judge(known.as_ref(), old, proof, &new), expected, "{what}");
    };
    check("never seen", None, 0, &[], Ok(()));
    check("never seen, with a proof", None, 0, &proof(7), Err(Refusal::Inconsistent));
    check("never seen, another size claimed", None, 7, &proof(7), Err(Refusal::Behind(0)));
    check("seen empty", Some(0), 0, &[], Ok(()));
    check("grown", Some(7), 7, &proof(7), Ok(()));
    check("grown, from a full subtree", Some(8), 8, &proof(8), Ok(()));
    check("the same", Some(11), 11, &[], Ok(()));
    check("the same, with a proof", Some(11), 11, &proof(7), Err(Refusal::Inconsistent));
    check("no proof", Some(7), 7, &[], Err(Refusal::Inconsistent));
    check("a proof from elsewhere", Some(7), 7, &proof(6), Err(Refusal::Inconsistent));
    check("a hash too many", Some(7), 7, &[proof(7), vec![[0; 32]]].concat(), Err(Refusal::Inconsistent));
    check("as many hashes as a request may have", Some(7), 7, &[[0; 32]; 63], Err(Refusal::Inconsistent));
    check("older than known", Some(11), 7, &proof(7), Err(Refusal::Behind(11)));
    check("newer than known", Some(7), 8, &proof(8), Err(Refusal::Behind(7)));
    check("a smaller tree", Some(12), 11, &[], Err(Refusal::Behind(12)));
    check("a smaller tree, honestly", Some(12), 12, &[], Err(Refusal::Reversed));
    let forked = |known: u64, at: u64, proof: &[Hash]| judge(Some(&log(known, Some(at)).0), known, proof, &new);
    assert_eq!(forked(11, 3, &[]), Err(Refusal::Forked(11)));
    assert_eq!(forked(7, 3, &proof(7)), Err(Refusal::Inconsistent));
    let empty = |root| TreeHead { origin: "o".into(), size: 0, root };
    assert_eq!(judge(None, 0, &[], &empty(EMPTY_ROOT)), Ok(()));
    assert_eq!(judge(None, 0, &[], &empty([1; 32])), Err(Refusal::Forked(0)), "no leaves have one root");
}

#[test]
fn other_spellings_of_a_request_are_refused() {
    assert!(AddCheckpoint::from_bytes(REQUEST.as_bytes()).is_ok());
    let check = |what: &str, from: &str, to: &str| {
        assert!(REQUEST.contains(from), "{what}");
        assert_eq!(AddCheckpoint::from_bytes(REQUEST.replacen(from, to, 1).as_bytes()), Err(RequestFault), "{what}");
    };
    check("nothing", REQUEST, "");
    check("no old line", "old 7\n", "");
    check("another word", "old 7", "new 7");
    check("two spaces", "old 7", "old  7");
    check("a leading zero", "old 7", "old 07");
    check("a plus", "old 7", "old +7");
    check("a minus", "old 7", "old -7");
    check("no size", "old 7", "old ");
    check("a size beyond 64 bits", "old 7", "old 18446744073709551616");
    check("a carriage return", "old 7\n", "old 7\r\n");
    check("an empty line too early", "old 7\n", "old 7\n\n");
    check("an empty line too many", "old 7\n", "\nold 7\n");
    check("no empty line", "+xQ=\n\n", "+xQ=\n");
    check("a short hash", "+3+G", "");
    check("a long hash", "+3+G", "+3+G+3+G");
    check("a hash without padding", "Ydk=", "Ydk");
    check("trailing bits that are not zero", "Ydk=", "Ydl=");
    check("base64 for URLs", "+3+G", "-3-G");
    check("a space before a hash", "+3+G", " +3+G");
    check("no checkpoint", "\n11\n", "\n11 leaves\n");
    check("no signature", REQUEST.split("\n\n").last().unwrap(), "");
    check("something after", "wcQhHA4=\n", "wcQhHA4=\nmore\n");
    check("no last line end", "wcQhHA4=\n", "wcQhHA4=");
    let line = "dauSgmjIb0TaXUJBGI7XHkqrLU131tUBF9rZSoQu3gM=\n";
    let with = |count| REQUEST.replacen(line, &line.repeat(count), 1);
    assert!(AddCheckpoint::from_bytes(with(REQUEST_HASHES_MAX - 4).as_bytes()).is_ok());
    assert_eq!(AddCheckpoint::from_bytes(with(REQUEST_HASHES_MAX - 3).as_bytes()), Err(RequestFault));
    assert_eq!(AddCheckpoint::from_bytes(b"old 7\n\xff\n\n"), Err(RequestFault));
}

#[test]
fn checkpoints_of_any_log() {
    let root = "tubAHcNe8yoG1ShcXR8u5hcSynqvU9EI/ULCvRwUFgc=";
    let read = |text: &str| TreeHead::from_text(text);
    for (text, size) in [
        (format!("log.example/orders\n11\n{root}\n"), 11),
        (format!("An origin: with spaces\n0\n{root}\n"), 0),
        (format!("o\n{LEAVES_MAX}\n{root}\nan extension\nand another\n"), LEAVES_MAX),
    ] {
        assert_eq!(read(&text).map(|head| head.size), Ok(size), "{text}");
    }
    for text in [
        String::new(),
        "o\n11\n".to_owned(),
        format!("\n11\n{root}\n"),
        format!("o\n\n{root}\n"),
        format!("o\n011\n{root}\n"),
        format!("o\n+11\n{root}\n"),
        format!("o\n11 \n{root}\n"),
        format!("o\n{}\n{root}\n", LEAVES_MAX + 1),
        format!("o\n11\n{root}"),
        format!("o\n11\n{root}\n\n"),
        format!("o\n11\n{root}\n\nextension\n"),
        format!("o\n11\n{}\n", &root[4..]),
        format!("o\n11\n{}\n", root.replacen("gc=", "gd=", 1)),
        format!("o\n11\n{}\n", root.trim_end_matches('=')),
    ] {
        assert_eq!(read(&text), Err(HeadFault::Malformed), "{text:?}");
    }
}

#[test]
fn whose_checkpoint_it_is() {
    let note = AddCheckpoint::from_bytes(REQUEST.as_bytes()).unwrap().checkpoint;
    let key = VerifierKey::from_text(LOG).unwrap();
    let other = VerifierKey::from_text("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    assert!(TreeHead::verify(&note, &[other.clone(), key.clone()]).is_ok());
    assert_eq!(TreeHead::verify(&note, &[other]), Err(HeadFault::Note(NoteFault::Unsigned)));
    let mut changed = Note::new(note.text().replacen("\n11\n", "\n12\n", 1)).unwrap();
    changed.add(note.signatures()[0].clone());
    assert!(matches!(TreeHead::verify(&changed, &[key]), Err(HeadFault::Note(NoteFault::Forged { .. }))));
}

proptest! {
    #[test]
    fn every_request_is_read_back(old_size: u64, proof in prop::collection::vec(any::<[u8; 32]>(), 0..=REQUEST_HASHES_MAX)) {
        let checkpoint = AddCheckpoint::from_bytes(REQUEST.as_bytes()).unwrap().checkpoint;
        let request = AddCheckpoint { old_size, proof, checkpoint };
        prop_assert_eq!(AddCheckpoint::from_bytes(&request.to_bytes()), Ok(request));
    }

    #[test]
    fn no_bytes_make_it_panic(at in 0..REQUEST.len(), len in 0..20_usize, with in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut bytes = REQUEST.as_bytes().to_vec();
        let end = (at + len).min(bytes.len());
        bytes.splice(at..end, with);
        if let Ok(request) = AddCheckpoint::from_bytes(&bytes) {
            prop_assert_eq!(request.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_tree_goes_on_from_its_own_past_alone(old in 1..40_u64, new in 1..40_u64, at in 0..40_u64) {
        prop_assume!(old <= new);
        let (head, stored) = log(new, None);
        let proof = prove_consistency(old, new, &stored).unwrap();
        prop_assert_eq!(judge(Some(&log(old, None).0), old, &proof, &head), Ok(()));
        if at < old {
            prop_assert!(judge(Some(&log(old, Some(at)).0), old, &proof, &head).is_err());
        }
    }
}
