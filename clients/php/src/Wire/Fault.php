<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Wire;

use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;

/**
 * Why there is no answer of the daemon. It stays inside the package: callers get its {@see Failure}.
 *
 * The messages hold no counts of bytes and no other run of four digits: MikoPBX finds a licensing
 * code by searching the whole message for it.
 *
 * @internal
 */
final class Fault extends \RuntimeException
{
    private function __construct(
        public readonly Failure $failure,
        /** Whether the connection ended before the first byte of an answer. */
        public readonly bool $isBeforeAnswer,
    ) {
        parent::__construct($failure->message);
    }

    public static function unreachable(string $message): self
    {
        return new self(new Failure(FailureKind::Unreachable, null, $message), false);
    }

    public static function noSocket(string $socket): self
    {
        return self::unreachable("There is no socket $socket; start the daemon: systemctl start licensed");
    }

    public static function untrusted(string $message): self
    {
        return new self(new Failure(FailureKind::Untrusted, null, $message), false);
    }

    public static function timedOut(string $socket, float $seconds): self
    {
        $message = "licensed at $socket did not answer within $seconds s; look at: systemctl status licensed";
        return new self(new Failure(FailureKind::TimedOut, null, $message), false);
    }

    public static function endedBeforeAnswer(string $socket): self
    {
        $message = "licensed at $socket closed the connection before it answered; try again, "
            . 'and look at: journalctl -u licensed';
        return new self(new Failure(FailureKind::Unreachable, null, $message), true);
    }

    public static function endedWithinAnswer(string $socket): self
    {
        $message = "licensed at $socket closed the connection in the middle of its answer; try again, "
            . 'and look at: journalctl -u licensed';
        return new self(new Failure(FailureKind::Unreachable, null, $message), false);
    }

    public static function unsupported(string $message): self
    {
        return new self(new Failure(FailureKind::Unsupported, null, $message), false);
    }

    /** `$what` completes "the answer of licensed is …". */
    public static function protocol(string $what): self
    {
        $message = "The answer of licensed is $what; check that licensed and this PHP package are of the same release";
        return new self(new Failure(FailureKind::Protocol, null, $message), false);
    }
}
