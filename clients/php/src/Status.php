<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fault;
use MikoPBX\Licensed\Wire\Fields;

/**
 * How the daemon and its binding are. Times are Unix seconds.
 */
final readonly class Status
{
    /**
     * @param list<string> $warnings
     */
    public function __construct(
        /** The version of the daemon. */
        public string $version,
        public State $state,
        /** The registration number, masked; null if there is none. */
        public ?string $number,
        /** The company that it belongs to, once a lease told. */
        public ?string $company,
        /** The license server in use; null if none is configured. */
        public ?string $server,
        /** The code of a state that is no plain "bound". */
        public ?int $code,
        /** What the state means and what to do, in a sentence. */
        public string $message,
        /** The serial of the statement that is held. */
        public ?int $serial,
        /** When the license server last answered with a statement. */
        public ?int $lastAnswer,
        /** The last attempt that failed since then. */
        public ?NoAnswer $lastFailure,
        /** When the license server is asked again. */
        public ?int $nextCheck,
        /** To when the lease is honoured without another answer. */
        public ?int $honouredUntil,
        /** What a person should look at. */
        public array $warnings,
        /** The version of the socket protocol that the daemon speaks, if it says. */
        public ?int $protocol = null,
        /** The schema of the license server's statements that it reads, if it says. */
        public ?string $statementSchema = null,
    ) {
    }

    /** The code, if there is one and this package knows it. */
    public function knownCode(): ?Code
    {
        return Code::of($this->code);
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        $lastFailure = $fields->optionalObject('last_failure');
        return new self(
            $fields->string('version'),
            State::tryFrom($fields->string('state')) ?? throw Fault::protocol('a status with an unknown state'),
            $fields->optionalString('number'),
            $fields->optionalString('company'),
            $fields->optionalString('server'),
            $fields->optionalInt('code'),
            $fields->string('message'),
            $fields->optionalInt('serial'),
            $fields->optionalInt('last_answer'),
            $lastFailure === null ? null : NoAnswer::fromWire($lastFailure),
            $fields->optionalInt('next_check'),
            $fields->optionalInt('honoured_until'),
            $fields->strings('warnings'),
            $fields->optionalInt('protocol'),
            $fields->optionalString('statement_schema'),
        );
    }
}
