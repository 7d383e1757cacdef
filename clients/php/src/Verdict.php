<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fault;
use MikoPBX\Licensed\Wire\Fields;

/**
 * What one feature comes to on this host. Times are Unix seconds.
 */
final readonly class Verdict
{
    private function __construct(
        public VerdictKind $kind,
        /** Why it is no plain yes; null for granted, and where the daemon was not reached. */
        public ?int $code,
        /** The verdict in a sentence for people, with the code in parentheses if there is one. */
        public string $message,
        private bool $mayRun,
        /** The feature; null for a free module and for a module.json that cannot be read. */
        public ?int $feature = null,
        /** The product that it comes with, if anybody says. */
        public ?int $product = null,
        /** Granted: the end of what is promised so far; each check moves it on. */
        public ?int $until = null,
        /** Granted: how recent the promise is. */
        public ?Basis $basis = null,
        /** Since when the license server is away, or since when nobody knows. */
        public ?int $since = null,
        /** The seat of this host or holder, if it has one. */
        public ?string $session = null,
        /** All seats of the feature; null if the license does not list it. */
        public ?Seats $seats = null,
        /** When the license server last answered. */
        public ?int $lastAnswer = null,
        /** When it is asked again. */
        public ?int $nextCheck = null,
        /** Why there is no word of the daemon; null if this is its word. */
        public ?Failure $failure = null,
    ) {
    }

    /** The verdict as yes or no: granted, or nobody knows and what runs may go on. */
    public function mayRun(): bool
    {
        return $this->mayRun;
    }

    /** The code, if there is one and this package knows it. */
    public function knownCode(): ?Code
    {
        return Code::of($this->code);
    }

    /**
     * @param int|null $product what it is about where it does not name one by itself
     *
     * @internal
     */
    public static function fromWire(Fields $entitlement, ?int $product = null): self
    {
        [$name, $says] = $entitlement->variant('verdict');
        $kind = VerdictKind::tryFrom($name);
        $fields = Fields::of($says, 'verdict');
        [$code, $mayRun, $until, $basis, $since] = match ($kind) {
            VerdictKind::Granted => [null, true, $fields->int('until'), ...self::basis($fields)],
            VerdictKind::Denied => [$fields->int('code'), false, null, null, null],
            VerdictKind::Indeterminate => [
                $fields->int('code'),
                $fields->bool('may_run'),
                null,
                null,
                $fields->int('since'),
            ],
            null => throw Fault::protocol('a verdict of an unknown kind'),
        };
        $seats = $entitlement->optionalObject('seats');
        return new self(
            $kind,
            $code,
            $entitlement->string('message'),
            $mayRun,
            $entitlement->int('feature'),
            $entitlement->optionalInt('product') ?? $product,
            $until,
            $basis,
            $since,
            $entitlement->optionalString('session'),
            $seats === null ? null : Seats::fromWire($seats),
            $entitlement->optionalInt('last_answer'),
            $entitlement->optionalInt('next_check'),
        );
    }

    /**
     * A module that needs no license.
     *
     * @internal
     */
    public static function free(?int $product): self
    {
        return new self(VerdictKind::Granted, null, 'This module needs no license.', true, null, $product);
    }

    /**
     * Nobody knows, for a reason on this side of the socket or in an error answer.
     *
     * @internal
     */
    public static function unknown(Failure $failure, ?int $feature, ?int $product = null): self
    {
        return new self(
            VerdictKind::Indeterminate,
            $failure->code,
            (string) $failure,
            $failure->kind->letsRun(),
            $feature,
            $product,
            failure: $failure,
        );
    }

    /**
     * @return array{Basis, ?int} the basis, and since when the license server is away
     */
    private static function basis(Fields $granted): array
    {
        [$name, $says] = $granted->variant('basis');
        return match (Basis::tryFrom($name)) {
            Basis::Fresh => [Basis::Fresh, null],
            Basis::Offline => [Basis::Offline, Fields::of($says, 'offline')->int('since')],
            null => throw Fault::protocol('a granted verdict of an unknown basis'),
        };
    }
}
