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
    private const NOTHING = [
        'id' => null,
        'folder' => null,
        'product' => null,
        'feature' => null,
        'wanted' => null,
        'refusal' => null,
        'trial' => null,
        'since' => null,
    ];

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
        $module = [$package->id, $package->folder, $package->product, $package->feature];
        return new self(...$module, wanted: false, refusal: null, trial: $trial, since: $now);
    }

    public function condition(): Condition
    {
        return match (true) {
            !$this->wanted => Condition::DisabledByUser,
            $this->refusal !== null => Condition::DisabledByLicense,
            default => Condition::Enabled,
        };
    }

    /** Why it is disabled by license; null if it is not. */
    public function reason(): ?Refusal
    {
        return $this->condition() === Condition::DisabledByLicense ? $this->refusal : null;
    }

    /**
     * After a person enabled it, or disabled it.
     */
    public function wished(bool $wanted, int $now): self
    {
        return $this->with(['wanted' => $wanted], $now);
    }

    /**
     * After a verdict on its feature.
     *
     * Granted ends a refusal, and what may not run is refused. Where nobody knows and what runs may go
     * on, the last word holds: that neither stops a module that runs nor brings back one that was refused.
     */
    public function told(Verdict $verdict, int $now): self
    {
        if ($verdict->feature !== $this->feature) {
            return $this;
        }
        if ($verdict->kind === VerdictKind::Granted) {
            return $this->with(['refusal' => null], $now);
        }
        $isKnown = $verdict->mayRun() || ($this->refusal !== null && $this->refusal->code === $verdict->code);
        return $isKnown ? $this : $this->with(['refusal' => Refusal::of($verdict, $now)], $now);
    }

    /**
     * After a new version of it was installed. What is known of another feature says nothing about this one.
     */
    public function updated(Package $package, ?Trial $trial, int $now): self
    {
        return $this->with([
            'product' => $package->product,
            'feature' => $package->feature,
            'refusal' => $package->feature === $this->feature ? $this->refusal : null,
            'trial' => $trial,
        ], $now);
    }

    /** What was written as JSON; null if it is no module. */
    public static function fromJson(mixed $json): ?self
    {
        if (!is_array($json)) {
            return null;
        }
        ['id' => $id, 'folder' => $folder, 'product' => $product, 'feature' => $feature] = $json + self::NOTHING;
        ['wanted' => $wanted, 'refusal' => $refusal, 'trial' => $trial, 'since' => $since] = $json + self::NOTHING;
        $isModule = is_string($id) && is_string($folder) && is_bool($wanted) && is_int($since)
            && ($product === null || is_int($product)) && ($feature === null || is_int($feature));
        if (!$isModule) {
            return null;
        }
        $refusalRead = Refusal::fromJson($refusal);
        $trialRead = Trial::fromJson($trial);
        $isWhole = ($refusal === null || $refusalRead !== null) && ($trial === null || $trialRead !== null);
        return $isWhole
            ? new self($id, $folder, $product, $feature, $wanted, $refusalRead, $trialRead, $since)
            : null;
    }

    /**
     * @param array<string, mixed> $changes
     */
    private function with(array $changes, int $now): self
    {
        $changed = new self(...[...get_object_vars($this), ...$changes]);
        return $changed->condition() === $this->condition()
            ? $changed
            : new self(...[...get_object_vars($changed), 'since' => $now]);
    }
}
