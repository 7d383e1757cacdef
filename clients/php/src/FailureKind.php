<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

/**
 * The kinds of {@see Failure}: what the daemon answers, and what goes wrong before it can.
 */
enum FailureKind: string
{
    /** The daemon could not read the request. */
    case Malformed = 'malformed';

    /** The request is over the daemon's limit. */
    case TooLarge = 'too_large';

    /** The daemon does not speak the protocol version of this package. */
    case Unsupported = 'unsupported';

    /** The caller may not do this. */
    case NotPermitted = 'not_permitted';

    /** Too many connections or requests at once: try again later. */
    case Busy = 'busy';

    /** The daemon is stopping: try again in a moment. */
    case Draining = 'draining';

    /** The license server, or a rule that needs no license server, said no. */
    case Refused = 'refused';

    /** The license server gave no answer. */
    case NoAnswer = 'no_answer';

    /** Another request came before it, a reset for one, and what was asked for does not hold. */
    case Overtaken = 'overtaken';

    /** Local: there is no connection to the daemon, or it broke. */
    case Unreachable = 'unreachable';

    /** Local: whoever put the socket there need not be the daemon. Nothing was said to it. */
    case Untrusted = 'untrusted';

    /** Local: the deadline of the call passed. */
    case TimedOut = 'timed_out';

    /** Local: what came back is not the protocol that this package speaks. */
    case Protocol = 'protocol';

    /** Local: a module.json that does not say what its module needs. */
    case InvalidModule = 'invalid_module';

    /** Whether the daemon gave no answer of its own, so that nothing is known from it. */
    public function isWithoutAnswer(): bool
    {
        return $this->isLocal() && $this !== self::InvalidModule;
    }

    /** Whether it comes about on this side of the socket. */
    public function isLocal(): bool
    {
        return match ($this) {
            self::Unreachable, self::Untrusted, self::TimedOut, self::Protocol, self::InvalidModule => true,
            self::Malformed, self::TooLarge, self::Unsupported, self::NotPermitted, self::Busy,
            self::Draining, self::Refused, self::NoAnswer, self::Overtaken => false,
        };
    }

    /**
     * Whether a module that already runs may go on after such a failure.
     *
     * Yes after every fault: a fault is never a "no". No after a refusal, and no where the module's
     * own package does not say what it needs: nothing was asked there, so nothing was granted.
     */
    public function letsRun(): bool
    {
        return match ($this) {
            self::Refused, self::InvalidModule => false,
            self::Malformed, self::TooLarge, self::Unsupported, self::NotPermitted, self::Busy,
            self::Draining, self::NoAnswer, self::Overtaken, self::Unreachable, self::Untrusted,
            self::TimedOut, self::Protocol => true,
        };
    }
}
