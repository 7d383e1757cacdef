<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Verdict;
use MikoPBX\Licensed\VerdictKind;

/**
 * An installed module.
 *
 * Two things decide whether it runs, and neither changes the other: the wish of a person, and the last word
 * on its license. So a module comes back by itself when its license does, unless a person disabled it.
 */
final readonly class Module
{
    private function __construct(
        public string $id,
        /** Where it was installed from. */
        public string $folder,
        public ?int $product,
        /** The feature that must be licensed; null for a free module. */
        public ?int $feature,
        /** Whether a person wants it to run. */
        public bool $wanted,
        /** The last word on its license, if that was a "no". */
        public ?Refusal $refusal,
        /** What came of the trial at its installation; null if none was asked for. */
        public ?Trial $trial,
        /** Since when its condition is what it is, in Unix seconds. */
        public int $since,
    ) {
    }

    public static function installed(Package $package, ?Trial $trial, int $now): self
    {
        return new self(
            $package->id,
            $package->folder,
            $package->product,
            $package->feature,
            wanted: false,
            refusal: null,
            trial: $trial,
            since: $now,
        );
    }

    /**
     * What was written to the store.
     *
     * @throws \UnexpectedValueException
     */
    public static function read(Record $record): self
    {
        $refusal = $record->optional('refusal');
        $trial = $record->optional('trial');
        return new self(
            $record->string('id'),
            $record->string('folder'),
            $record->optionalInt('product'),
            $record->optionalInt('feature'),
            $record->bool('wanted'),
            $refusal === null ? null : Refusal::read($refusal),
            $trial === null ? null : Trial::read($trial),
            $record->int('since'),
        );
    }

    public function condition(): Condition
    {
        return Condition::of($this->wanted, $this->refusal);
    }

    /** Why it is disabled by license; null if it is not. */
    public function reason(): ?Refusal
    {
        return $this->condition() === Condition::DisabledByLicense ? $this->refusal : null;
    }

    /**
     * Whether a verdict on its feature decides whether it runs, should a person enable it.
     *
     * What does not run yet needs a word of the daemon; without one it stays as it is. A module that was refused
     * has had a word: that holds.
     */
    public function isDecidedBy(?Verdict $verdict): bool
    {
        return $this->wanted || $this->refusal !== null || $verdict?->failure?->kind->letsRun() !== true;
    }

    /**
     * After a person enabled it, or disabled it.
     */
    public function wished(bool $wanted, int $now): self
    {
        return $this->turned($wanted, $this->refusal, $now);
    }

    /**
     * After a verdict on its feature.
     *
     * Granted ends a refusal, and what may not run is refused. Where nobody knows, the last word holds: that
     * neither stops a module that may go on, nor brings back one that was refused, nor changes why it was.
     */
    public function told(Verdict $verdict, int $now): self
    {
        if ($verdict->feature !== $this->feature) {
            return $this;
        }
        if ($verdict->kind === VerdictKind::Granted) {
            return $this->turned($this->wanted, null, $now);
        }
        $isNews = $this->refusal === null
            ? !$verdict->mayRun()
            : $verdict->kind === VerdictKind::Denied && $verdict->code !== $this->refusal->code;
        return $isNews ? $this->turned($this->wanted, Refusal::of($verdict, $now), $now) : $this;
    }

    /**
     * After a new version of it was installed. What is known of another feature says nothing about this one.
     */
    public function updated(Package $package, ?Trial $trial, int $now): self
    {
        $refusal = $package->feature === $this->feature ? $this->refusal : null;
        $turned = $this->turned($this->wanted, $refusal, $now);
        return new self(
            $turned->id,
            $turned->folder,
            $package->product,
            $package->feature,
            $turned->wanted,
            $turned->refusal,
            $trial,
            $turned->since,
        );
    }

    private function turned(bool $wanted, ?Refusal $refusal, int $now): self
    {
        return new self(
            $this->id,
            $this->folder,
            $this->product,
            $this->feature,
            $wanted,
            $refusal,
            $this->trial,
            Condition::of($wanted, $refusal) === $this->condition() ? $this->since : $now,
        );
    }
}
