"""What staff put right by hand (docs/adjustments.md): only changes, each with a reason, seen before
it is done, and above a limit decided by a second person.

    draft      ->  previewing  ->  proposing  ->  approving
    (checking)     (effects)       (limits)
"""
