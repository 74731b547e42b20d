//! Orders about keys as tables: what passes, what each other one is refused for, and what a reader of the leaves makes of it.

use proptest::prelude::*;

use super::*;
use crate::Tenant;
use crate::key::{KeyName, Reason, SigningKey};
use crate::leaf::{Control, Label, Position, Signatures, Verdict};

fn origin() -> Origin {
    Origin::parse("ledgerline/acme").unwrap()
}

/// Key `number` under the tree's name; 0 is the one of leaf 0.
fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::of_checkpoints(&origin()), [number + 1; 32])
}

fn id(number: u8) -> KeyId {
    key(number).verifier().id()
}

fn root() -> SigningKey {
    SigningKey::from_seed(KeyName::of_root(&origin()), [200; 32])
}

fn genesis() -> Genesis {
    Genesis {
        origin: origin(),
        verifier_key: key(0).verifier().clone(),
        root_key: root().verifier().clone(),
        partition_count: 1,
        received_at_ns: 0,
        previous: None,
    }
}

fn order(action: KeyAction, number: u8) -> KeyOrder {
    let (origin, key, order) = (origin(), key(number).verifier().clone(), Hex([9; 16]));
    KeyOrder { origin, action, key, replaces: None, overlap_seconds: None, reason: None, order }
}

fn rotation(from: u8, to: u8) -> KeyOrder {
    KeyOrder { replaces: Some(id(from)), overlap_seconds: Some(60), ..order(KeyAction::Rotate, to) }
}

fn signed(order: &KeyOrder, by: &[&SigningKey]) -> Note {
    let mut note = order.note();
    by.iter().for_each(|key| note.sign(*key).unwrap());
    note
}

/// A tree whose key 0 was replaced by key 1 and retired, whose key 1 is replaced by key 2, and whose key 3 was enrolled and
/// revoked. So 1 and 2 sign.
fn grown() -> KeyBook {
    let mut book = KeyBook::begin(&genesis());
    let steps = [
        (rotation(0, 1), 10),
        (order(KeyAction::Retire, 0), 20),
        (order(KeyAction::Enrol, 3), 30),
        (rotation(1, 2), 40),
        (order(KeyAction::Revoke, 3), 50),
    ];
    for (order, index) in steps {
        let note = signed(&order, &[&root(), &key(1), &key(2), &key(3)]);
        book.carry_out(&order, &note, index);
    }
    book
}

#[test]
fn who_may_do_what() {
    let (root, keys) = (root(), [key(0), key(1), key(2), key(3), key(4)]);
    let [old, now, next, revoked, new] = &keys;
    let check = |what: &str, book: &KeyBook, order: &KeyOrder, by: &[&SigningKey], wanted: Result<(), KeyRefusal>| {
        let judged = book.judge(order, &signed(order, by), &Hex([9; 16]));
        assert_eq!(judged.verdict, wanted, "{what}");
        assert_eq!(judged.checks.len(), by.len(), "{what}");
    };
    let (first, book) = (KeyBook::begin(&genesis()), grown());
    use KeyRefusal::*;
    check("the old key hands over", &first, &rotation(0, 4), &[old, new], Ok(()));
    check("the root key does", &first, &rotation(0, 4), &[&root, new], Ok(()));
    check("the old key alone", &first, &rotation(0, 4), &[old], Err(NotHeld));
    check("the new key alone", &first, &rotation(0, 4), &[new], Err(NotAuthorised));
    check("nobody", &first, &rotation(0, 4), &[], Err(NotAuthorised));
    check("a stranger", &first, &rotation(0, 4), &[next, new], Err(NotAuthorised));
    check("a key for itself", &first, &rotation(0, 0), &[old], Err(KnownKey));
    check("a rotation from a key that is not there", &first, &rotation(1, 4), &[&root, new], Err(UnknownKey));
    check("the key in force hands over", &book, &rotation(2, 4), &[next, new], Ok(()));
    check("a retired one does", &book, &rotation(0, 4), &[old, new], Err(NotAuthorised));
    check("a retired one for the one in force", &book, &rotation(2, 4), &[old, new], Err(NotAuthorised));
    check("the root key for a retired one", &book, &rotation(0, 4), &[&root, new], Err(Retired));
    check("one that is replaced hands over again", &book, &rotation(1, 4), &[now, new], Err(NotAuthorised));
    check("the root key for it", &book, &rotation(1, 4), &[&root, new], Err(Replaced));
    check("a revoked one hands over", &book, &rotation(3, 4), &[revoked, new], Err(NotAuthorised));
    check("the root key for a revoked one", &book, &rotation(3, 4), &[&root, new], Err(Revoked));
    check("back to a retired key", &book, &rotation(2, 0), &[next, old], Err(KnownKey));
    check("back to a revoked key", &book, &rotation(2, 3), &[next, revoked], Err(KnownKey));

    check("the root key enrols", &book, &order(KeyAction::Enrol, 4), &[&root, new], Ok(()));
    check("a key that nobody holds", &book, &order(KeyAction::Enrol, 4), &[&root], Err(NotHeld));
    check("a checkpoint key enrols", &book, &order(KeyAction::Enrol, 4), &[next, new], Err(NotAuthorised));

    check("a key retires", &book, &order(KeyAction::Retire, 1), &[now], Ok(()));
    check("the root key has it retire", &book, &order(KeyAction::Retire, 1), &[&root], Ok(()));
    check("another one does", &book, &order(KeyAction::Retire, 1), &[next], Err(NotAuthorised));
    check("the last one retires", &book, &order(KeyAction::Retire, 2), &[next], Err(LastKey));
    check("a retired one retires", &book, &order(KeyAction::Retire, 0), &[&root], Err(Retired));

    check("the root key revokes", &book, &order(KeyAction::Revoke, 1), &[&root], Ok(()));
    check("even the last one", &first, &order(KeyAction::Revoke, 0), &[&root], Ok(()));
    check("even a retired one", &book, &order(KeyAction::Revoke, 0), &[&root], Ok(()));
    check("a key revokes itself", &book, &order(KeyAction::Revoke, 1), &[now], Err(NotAuthorised));
    check("its successor revokes it", &book, &order(KeyAction::Revoke, 1), &[next], Err(NotAuthorised));
    check("twice", &book, &order(KeyAction::Revoke, 3), &[&root], Err(Revoked));
    check("a key that is not there", &book, &order(KeyAction::Revoke, 4), &[&root], Err(UnknownKey));

    check("the root key recovers", &book, &order(KeyAction::Recover, 2), &[&root], Ok(()));
    check("the key itself does", &book, &order(KeyAction::Recover, 2), &[next], Err(NotAuthorised));
    check("a revoked one is recovered", &book, &order(KeyAction::Recover, 3), &[&root], Err(Revoked));

    let elsewhere = Origin::parse("ledgerline/other").unwrap();
    let for_another = KeyOrder { origin: elsewhere.clone(), ..rotation(2, 4) };
    check("an order for another tree", &book, &for_another, &[&root, new], Err(WrongTree));
    let named = |origin| SigningKey::from_seed(KeyName::of_checkpoints(origin), [5; 32]);
    let foreign = KeyOrder { key: named(&elsewhere).verifier().clone(), ..rotation(2, 4) };
    check("a key named for another tree", &book, &foreign, &[&root, &named(&elsewhere)], Err(WrongTree));
    let as_checkpoint = root.named(KeyName::of_checkpoints(&origin()));
    let with_root = KeyOrder { key: as_checkpoint.verifier().clone(), ..rotation(2, 4) };
    check("the root key as a checkpoint key", &book, &with_root, &[next, &as_checkpoint], Err(KnownKey));
    check("the root key under both its names", &book, &with_root, &[&root, &as_checkpoint], Err(SignedTwice));
    let posing = new.named(KeyName::of_root(&origin()));
    check("a key under the root key's name", &book, &order(KeyAction::Revoke, 1), &[&posing], Err(NotAuthorised));
}

#[test]
fn notes_that_were_tampered_with_are_refused() {
    let book = KeyBook::begin(&genesis());
    let (order, root, new) = (rotation(0, 4), root(), key(4));
    let sound = signed(&order, &[&root, &new]);
    let check = |what: &str, order: &KeyOrder, note: &Note, key: [u8; 16], wanted: KeyRefusal| {
        assert_eq!(book.judge(order, note, &Hex(key)).verdict, Err(wanted), "{what}");
    };
    assert_eq!(book.judge(&order, &sound, &Hex([9; 16])).verdict, Ok(()));
    check("carried by another record", &order, &sound, [8; 16], KeyRefusal::Replayed);
    let mut transplanted = rotation(0, 3).note();
    sound.signatures().iter().for_each(|line| transplanted.add(line.clone()));
    let other = KeyOrder::from_note(&transplanted).unwrap();
    check("signatures of another order", &other, &transplanted, [9; 16], KeyRefusal::Forged);

    // Two lines of one key: `Note` makes no such note, so its bytes are put together by hand.
    let text = String::from_utf8(sound.to_bytes()).unwrap();
    let line = text.lines().find(|line| line.contains("#root ")).unwrap();
    let twice = Note::from_bytes(format!("{text}{line}\n").as_bytes()).unwrap();
    check("signed twice by one key", &order, &twice, [9; 16], KeyRefusal::SignedTwice);
    let judged = book.judge(&order, &twice, &Hex([9; 16]));
    assert_eq!(judged.checks.iter().filter(|check| check.verdict == Verdict::Valid).count(), 3);

    for at in 0..sound.signatures().len() {
        let mut bent = order.note();
        for (number, line) in sound.signatures().iter().enumerate() {
            let mut bytes = line.bytes().to_vec();
            bytes[7] ^= u8::from(number == at);
            bent.add(crate::note::NoteSignature::new(line.name().clone(), line.id(), bytes));
        }
        check("a flipped bit in a signature", &order, &bent, [9; 16], KeyRefusal::Forged);
    }
}

#[test]
fn an_order_has_one_spelling() {
    let order = KeyOrder { reason: Some(Reason::parse("laptop was stolen").unwrap()), ..rotation(0, 1) };
    let text = order.text();
    assert_eq!(KeyOrder::from_text(&text), Ok(order.clone()));
    let expected = format!(
        "ledgerline key operation v1\norigin ledgerline/acme\naction rotate\npurpose checkpoint\nkey {}\nreplaces {}\n\
         overlap-seconds 60\nreason laptop was stolen\norder 09090909090909090909090909090909\n",
        key(1).verifier(),
        id(0),
    );
    assert_eq!(text, expected);
    let check = |what: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{what}");
        assert_eq!(KeyOrder::from_text(&text.replacen(from, to, 1)), Err(super::super::KeyOrderFault), "{what}");
    };
    check("another version", " v1\n", " v2\n");
    check("another purpose", "purpose checkpoint", "purpose root");
    check("an action that is none", "action rotate", "action destroy");
    check("a rotation that replaces nothing", &format!("replaces {}", id(0)), "replaces -");
    check("a rotation without overlap", "overlap-seconds 60", "overlap-seconds -");
    check("a leading zero", "overlap-seconds 60", "overlap-seconds 060");
    check("a sign", "overlap-seconds 60", "overlap-seconds +60");
    check("too long an overlap", "overlap-seconds 60", "overlap-seconds 315360001");
    check("an empty reason", "reason laptop was stolen", "reason ");
    check("a reason with a control character", "laptop was stolen", "laptop\twas stolen");
    check("a reason beyond ASCII", "laptop was stolen", "Läptop");
    check("a space behind", "reason laptop was stolen", "reason laptop was stolen ");
    check("a short idempotency key", "order 09", "order ");
    check("an idempotency key in upper case", "order 0909", "order 0A09");
    check("a line too many", "order ", "note x\norder ");
    check("a line too few", "reason laptop was stolen\n", "");
    check("a retirement that replaces", "action rotate", "action retire");
    let (read, note) = KeyOrder::read_draft(format!("{text}\n").as_bytes()).unwrap();
    assert_eq!((read, note.signatures().len()), (order.clone(), 0), "a draft has no signature yet");
    let note = signed(&order, &[&root()]);
    assert_eq!(KeyOrder::read_draft(&note.to_bytes()), Ok((order, note)));
}

#[test]
fn which_keys_sign_a_checkpoint_and_what_that_is_worth() {
    let book = grown();
    let signers = |size| book.signers(size).iter().map(|key| key.verifier.id()).collect::<Vec<_>>();
    let check = |what: &str, size: u64, wanted: &[u8]| {
        let wanted: Vec<_> = wanted.iter().map(|number| id(*number)).collect();
        assert_eq!(signers(size), wanted, "{what}");
    };
    check("before the first rotation", 10, &[0]);
    check("with its leaf", 11, &[0, 1]);
    check("the last of the overlap", 20, &[0, 1]);
    check("with the leaf of the retirement", 21, &[1]);
    check("a key that was revoked since signs nothing", 35, &[1]);
    check("now", 51, &[1, 2]);
    let verifiers = |numbers: &[u8]| numbers.iter().map(|number| key(*number).verifier().clone()).collect::<Vec<_>>();
    let check = |what: &str, signed_by: &[u8], wanted: KeyStatus| {
        assert_eq!(book.status(&verifiers(signed_by)), wanted, "{what}");
    };
    check("a key in force", &[2], KeyStatus::Good);
    check("a retired key", &[0], KeyStatus::Good);
    check("a revoked key with another", &[3, 1], KeyStatus::Good);
    check("a revoked key alone", &[3], KeyStatus::Revoked { keys: vec![id(3)], covered_from: 51 });
    check("nobody of the tree", &[4], KeyStatus::Unknown);
    check("nobody", &[], KeyStatus::Unknown);
    assert!(book.is_revoked(id(3)) && !book.is_revoked(id(0)) && !book.is_revoked(id(4)));
    let mut lost = KeyBook::begin(&genesis());
    let revocation = order(KeyAction::Revoke, 0);
    lost.carry_out(&revocation, &signed(&revocation, &[&root()]), 5);
    assert_eq!(lost.signers(3), Vec::<&BookKey>::new(), "nothing signs where the only key is revoked");
    let enrolment = order(KeyAction::Enrol, 1);
    lost.carry_out(&enrolment, &signed(&enrolment, &[&root(), &key(1)]), 6);
    assert_eq!(lost.signers(3).len(), 1, "what waited is signed by the key that came");
}

/// A leaf as an honest recorder writes it for this order.
fn leaf(index: u64, order: &KeyOrder, outcome: Outcome, (opening, note): (&Opening, &[u8])) -> Leaf {
    let operation = KeyOperation {
        action: order.action,
        purpose: KeyPurpose::Checkpoint,
        key_name: Some(order.key.name().clone()),
        key_id: order.key.id(),
        public_key: Some(Hex(*order.key.public_bytes())),
        replaces: order.replaces,
        effective_size: index + 1,
        artefacts: None,
        idempotency_key: order.order,
        commitment: opening.commit(note),
        received_at_ns: 0,
        principal: None,
        signatures: Signatures::default(),
        outcome,
    };
    let position = Position { incarnation: Hex([0; 16]), partition: 0, offset: index };
    Leaf { position, tenant: order.origin.tenant().clone(), detail: operation.into() }
}

#[test]
fn a_reader_of_the_leaves_comes_to_the_same_keys_and_rejects_what_is_not_lawful() {
    let opening = Opening::from_random([3; 32]);
    let numbered = |order: KeyOrder, number: u8| KeyOrder { order: Hex([number; 16]), ..order };
    let steps = [
        (10, numbered(rotation(0, 1), 1), vec![key(0), key(1)]),
        (20, numbered(order(KeyAction::Retire, 0), 2), vec![key(0)]),
        (30, numbered(order(KeyAction::Revoke, 0), 3), vec![root()]),
    ];
    let (mut shown, mut told, mut recorder) =
        (KeyBook::begin(&genesis()), KeyBook::begin(&genesis()), KeyBook::begin(&genesis()));
    for (index, order, by) in &steps {
        let note = signed(order, &by.iter().collect::<Vec<_>>());
        let bytes = note.to_bytes();
        let leaf = leaf(*index, order, Outcome::Applied, (&opening, &bytes));
        assert_eq!(shown.apply(*index, &leaf, Some((&opening, &bytes))), Ok(()));
        assert_eq!(told.apply(*index, &leaf, None), Ok(()));
        recorder.carry_out(order, &note, *index);
    }
    assert_eq!(shown.keys(), recorder.keys());
    let states = |book: &KeyBook| book.keys().iter().map(BookKey::state).collect::<Vec<_>>();
    assert_eq!(states(&told), [KeyState::Revoked, KeyState::Active]);
    assert_eq!(shown.followed(&[key(0).verifier().clone()]).len(), 2, "whoever trusts the first key trusts the second");
    assert_eq!(told.followed(&[key(0).verifier().clone()]).len(), 1, "not by the word of a leaf alone");
    assert_eq!(
        shown.followed(&[root().verifier().clone()]).len(),
        0,
        "the old key let it in, and the root key did not"
    );

    let again = numbered(rotation(1, 2), 4);
    let note = signed(&again, &[&key(1), &key(2)]).to_bytes();
    let sound = leaf(40, &again, Outcome::Applied, (&opening, &note));
    let unsigned = signed(&again, &[&key(2)]).to_bytes();
    let check = |what: &str, index: u64, leaf: &Leaf, note: &[u8], wanted: &str| {
        let mut book = shown.clone();
        let fault = book.apply(index, leaf, Some((&opening, note))).err().map(|fault| fault.to_string());
        assert!(fault.as_deref().is_some_and(|fault| fault.contains(wanted)), "{what}: {fault:?}");
        assert_eq!(book.keys(), shown.keys(), "{what}");
    };
    let changed = |change: &dyn Fn(&mut KeyOperation)| {
        let mut leaf = sound.clone();
        if let Detail::KeyOperation(operation) = &mut leaf.detail {
            change(operation);
        }
        leaf
    };
    assert_eq!(shown.clone().apply(40, &sound, Some((&opening, &note))), Ok(()));
    check(
        "not signed by whom it must be",
        40,
        &leaf(40, &again, Outcome::Applied, (&opening, &unsigned)),
        &unsigned,
        "no key has signed",
    );
    check("out of order", 30, &leaf(30, &again, Outcome::Applied, (&opening, &note)), &note, "comes after");
    check("another size", 41, &sound, &note, "another size");
    check("another note", 40, &sound, &unsigned, "does not commit");
    check("another action", 40, &changed(&|leaf| leaf.action = KeyAction::Revoke), &note, "another thing");
    check(
        "another key",
        40,
        &changed(&|leaf| leaf.public_key = Some(Hex(*key(5).verifier().public_bytes()))),
        &note,
        "no one key",
    );
    check("replayed", 40, &changed(&|leaf| leaf.idempotency_key = Hex([1; 16])), &note, "replayed");
    check("a commitment to nothing", 40, &changed(&|leaf| leaf.commitment = Hex([0; 32])), &note, "does not commit");
    check(
        "another tree",
        40,
        &Leaf { tenant: Tenant::parse("other").unwrap(), ..sound.clone() },
        &note,
        "not of this tree",
    );
    let mut book = shown.clone();
    let refused = leaf(40, &again, Outcome::Refused(Label::parse("not-authorised").unwrap()), (&opening, &unsigned));
    assert_eq!(book.apply(40, &refused, Some((&opening, &unsigned))), Ok(()));
    let control = Control {
        name: Label::parse("tenant").unwrap(),
        idempotency_key: Hex([1; 16]),
        commitment: Hex([0; 32]),
        received_at_ns: 0,
        principal: None,
        signatures: Signatures::default(),
        expected_size: None,
        outcome: Outcome::Applied,
    };
    assert_eq!(book.apply(41, &Leaf { detail: control.into(), ..sound.clone() }, None), Ok(()));
    assert_eq!(book.keys(), shown.keys(), "a refused order and another control record change nothing");
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    action: usize,
    from: u8,
    to: u8,
    by: u8,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let attempt =
        (0_usize..5, 0_u8..4, 0_u8..4, 0_u8..32).prop_map(|(action, from, to, by)| Attempt { action, from, to, by });
    proptest::collection::vec(attempt, 0..24)
}

proptest! {
    /// Whatever is tried by whomever: no key comes in that the root key or an active key did not let in, nothing is revoked
    /// without the root key, and a revoked key stays revoked and signs nothing.
    #[test]
    fn no_sequence_of_orders_breaks_the_rules(attempts in attempts()) {
        const ACTIONS: [KeyAction; 5] =
            [KeyAction::Enrol, KeyAction::Rotate, KeyAction::Retire, KeyAction::Revoke, KeyAction::Recover];
        let mut book = KeyBook::begin(&genesis());
        for (number, Attempt { action, from, to, by }) in (1_u64..).zip(attempts) {
            let order = match ACTIONS[action] {
                KeyAction::Rotate => rotation(from, to),
                action => order(action, to),
            };
            let all = [root(), key(0), key(1), key(2), key(3)];
            let signers: Vec<&SigningKey> = all.iter().enumerate().filter(|(at, _)| by & (1 << at) != 0).map(|(_, key)| key).collect();
            let note = signed(&order, &signers);
            let before = book.clone();
            if book.judge(&order, &note, &order.order).verdict.is_ok() {
                book.carry_out(&order, &note, number);
            }
            let by_root = by & 1 != 0;
            let active = |id: KeyId| before.key(id).is_some_and(|key| key.state() == KeyState::Active);
            for new in &book.keys()[before.keys().len()..] {
                prop_assert!(by_root || (active(id(from)) && by & (2 << from) != 0));
                prop_assert!(by & (2 << to) != 0 && new.verifier == *key(to).verifier());
            }
            for (then, now) in before.keys().iter().zip(book.keys()) {
                prop_assert!(then.revoked_at == now.revoked_at || (by_root && then.revoked_at.is_none()));
                prop_assert!(then.revoked_at.is_none() || !now.signs(u64::MAX - 1));
                prop_assert!(then.replaced_at.is_none() || then.replaced_at == now.replaced_at);
            }
            let ids: BTreeSet<_> = book.keys().iter().map(|key| key.verifier.id()).collect();
            prop_assert_eq!(ids.len(), book.keys().len(), "no key comes in twice");
        }
    }
}
