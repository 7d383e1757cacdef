<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * Why a call has no result. It is returned and never thrown: a module must not die of licensing.
 */
final readonly class Failure implements \Stringable
{
    public function __construct(
        public FailureKind $kind,
        /** The licensing code, such as 2008; null for everything local. */
        public ?int $code,
        /** What happened and what to do, in a sentence for people, without the code. */
        public string $message,
    ) {
    }

    /** The code, if there is one and this package knows it. */
    public function knownCode(): ?Code
    {
        return Code::of($this->code);
    }

    /**
     * A kind that a newer daemon knows and this package does not is still a failure, with its words. The
     * local kinds are not the daemon's to use.
     *
     * @internal
     */
    public static function fromWire(Fields $fields): self
    {
        $kind = FailureKind::tryFrom($fields->string('kind'));
        return new self(
            $kind === null || $kind->isLocal() ? FailureKind::Protocol : $kind,
            $fields->optionalInt('code'),
            $fields->string('message'),
        );
    }

    /** The message, with the code in parentheses if there is one. */
    public function __toString(): string
    {
        return $this->code === null ? $this->message : "($this->code) $this->message";
    }
}
