"""The memory of motifs: small melodies with known continuations."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from models.performance_rnn.motifs import KEPT, MOST_SHARE, Motifs

MOTIF = (60, 62, 63, 67)


def melody(
    pitches: Iterable[int],
    gap_s: float = 0.5,
    start: Motifs | None = None,
    at_s: float = 0.0,
    *,
    performers: bool = False,
) -> Motifs:
    motifs = start or Motifs()
    for number, pitch in enumerate(pitches):
        motifs = motifs.strike(pitch, at_s + number * gap_s, performers=performers)
    return motifs


def test_it_continues_a_motif_in_another_key() -> None:
    motifs = melody([*MOTIF, 71, 64, 66, 67])  # C D Eb G, then E F# G
    key_bias = motifs.key_bias(4.0, 1.0, 1.0)
    assert key_bias is not None
    assert int(key_bias.argmax()) == 71
    assert key_bias[71] > 2.0


def test_longer_motifs_count_more() -> None:
    short, long = (melody([*MOTIF, 71, first, 66, 67]).key_bias(4.0, 1.0, 1.0) for first in (40, 64))
    assert short is not None
    assert long is not None
    assert long.max() > short.max()


def test_each_player_s_motifs_have_their_own_knob() -> None:
    motifs = melody([64, 66, 67], start=melody([*MOTIF, 71], performers=True), at_s=2.5)
    assert motifs.key_bias(4.0, 1.0, 0.0) is None
    key_bias = motifs.key_bias(4.0, 0.0, 1.0)
    assert key_bias is not None
    assert int(key_bias.argmax()) == 71


def test_a_line_that_was_never_played_has_no_continuation() -> None:
    assert Motifs().key_bias(1.0, 1.0, 1.0) is None
    assert melody([60, 61, 63, 66, 70]).key_bias(3.0, 1.0, 1.0) is None


def test_a_chord_is_one_onset_and_its_top_the_melody() -> None:
    motifs = Motifs()
    for number, pitch in enumerate((*MOTIF, 71, 64, 66, 67)):
        for below in (24, 12, 0):
            motifs = motifs.strike(pitch - below, number * 0.5 + 0.001 * below, performers=False)
    plain, chords = melody([*MOTIF, 71, 64, 66, 67]).key_bias(4.0, 1.0, 1.0), motifs.key_bias(4.0, 1.0, 1.0)
    assert plain is not None
    assert chords is not None
    assert int(chords.argmax()) == int(plain.argmax()) == 71


def test_within_a_chord_the_melody_note_stays_the_highest() -> None:
    motifs = melody([*MOTIF, 71, 64, 66, 67])
    below = motifs.strike(47, 4.0, performers=False).key_bias(4.01, 1.0, 1.0)
    assert below is not None
    assert int(below.argmax()) == 71
    struck = motifs.strike(71, 4.0, performers=False).key_bias(4.01, 1.0, 1.0)
    assert struck is not None
    assert struck[72] < 0.0 == struck[60]


def test_a_rhythm_like_before_counts_more() -> None:
    motifs = Motifs()
    score = (0.0, 60), (0.5, 62), (1.0, 65), (1.5, 40), (2.0, 64), (2.5, 66), (4.5, 73), (5.0, 50), (5.5, 52)
    for at_s, pitch in score:
        motifs = motifs.strike(pitch, at_s, performers=False)
    soon, late = motifs.key_bias(6.0, 1.0, 1.0), motifs.key_bias(7.5, 1.0, 1.0)
    assert soon is not None
    assert late is not None
    assert soon[55] - soon[59] > late[55] - late[59]
    assert int(late.argmax()) == 59


def test_states_handed_out_never_change_and_memory_is_bounded() -> None:
    motifs = melody([*MOTIF, 71, 64, 66, 67])
    before = motifs.key_bias(4.0, 1.0, 1.0)
    longer = melody([60, 64] * KEPT, 0.1, motifs, 4.0)
    assert len(longer.pitch) == KEPT
    after = motifs.key_bias(4.0, 1.0, 1.0)
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(before, after)


def test_a_motif_in_a_near_key_counts_more_than_in_a_far_one() -> None:
    score = (60, 62, 65, 40, 61, 63, 70, 48, 50)  # from 62 to 50 an octave, from 63 thirteen semitones
    key_bias = melody(score).key_bias(4.5, 1.0, 1.0)
    assert key_bias is not None
    assert int(key_bias.argmax()) == 53
    assert 0.0 < key_bias[57] < key_bias[53]


def test_the_bias_ceases_where_the_wanted_share_of_the_melody_repeats_motifs() -> None:
    motifs = Motifs()
    biases = []
    for number in range(120):
        motifs = motifs.strike((60, 62, 65, 64, 69)[number % 5], 0.5 * number, performers=False)
        biases.append(motifs.key_bias(0.5 * number + 0.25, 0.5, 0.0))
    assert motifs.own_share > MOST_SHARE
    assert motifs.performers_share == 0.0
    assert biases[8] is not None
    assert biases[-1] is None
    assert motifs.key_bias(60.0, 0.0, 0.5) is None  # none of these motifs is the performer's
    for number in range(45):
        motifs = motifs.strike(30 + number * number % 47, 60.0 + 0.5 * number, performers=False)
    assert motifs.own_share < 0.5 * MOST_SHARE
