<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\Status;
use MikoPBX\Licensed\Verdict;
use MikoPBX\Licensed\VerdictKind;

/**
 * Does with modules what a PBX does with them, as far as licensing is concerned.
 *
 * Nothing here stops anything but a module, and none because of a fault. The daemon is asked before the store is
 * locked, so that a person never waits for the network of an hourly look.
 */
final readonly class Loader
{
    /** The feature of MikoPBX itself. */
    public const BASE_FEATURE = 33;

    /** The product that it comes with. */
    public const BASE_PRODUCT = 11;

    public function __construct(private Client $client, private Store $store)
    {
    }

    /**
     * Installs the module in a folder. One with a product needs a registration number, and gets a trial; what
     * came of that is told, and stops nothing.
     *
     * @throws StoreFault
     */
    public function install(string $folder, int $now): Report
    {
        $package = $this->package($folder);
        if ($package instanceof Report) {
            return $package;
        }
        return $this->installed($package, $this->trial($package, $now), $now);
    }

    /**
     * Installs a module that was got from the marketplace: only with a seat. If there is none, a trial is asked
     * for, and the seat again. A fault uses up no trial.
     *
     * @throws StoreFault
     */
    public function installFromMarketplace(string $folder, int $now): Report
    {
        $package = $this->package($folder);
        if ($package instanceof Report) {
            return $package;
        }
        $feature = $package->feature;
        if ($feature === null) {
            return $this->installed($package, $this->trial($package, $now), $now);
        }
        $trial = null;
        $seat = $this->client->capture($feature, reclaim: true);
        if ($seat instanceof Failure && $seat->kind === FailureKind::Refused && $package->product !== null) {
            $trial = $this->trial($package, $now);
            $seat = $this->client->capture($feature, reclaim: true);
        }
        if ($seat instanceof Failure) {
            $event = $seat->kind === FailureKind::Refused ? Event::NotLicensed : Event::NotChecked;
            return Report::failed($event, $package->id, $seat, $package);
        }
        return $this->installed($package, $trial, $now);
    }

    /**
     * Enables a module, at the wish of a person. It runs if it is free or its license says so. While nobody
     * answers, one that does not run yet is left as it is.
     *
     * @throws StoreFault
     */
    public function enable(string $id, int $now): Report
    {
        $module = $this->store->modules()[$id] ?? null;
        if ($module === null) {
            return new Report(Event::NoSuchModule, $id);
        }
        $verdict = $module->feature === null ? null : $this->client->ensure($module->feature);
        return $module->isDecidedBy($verdict)
            ? $this->wished($id, true, $verdict, $now)
            : Report::about($module, Event::NotEnabled, $verdict);
    }

    /**
     * Disables a module, at the wish of a person. Only a person enables it again.
     *
     * @throws StoreFault
     */
    public function disable(string $id, int $now): Report
    {
        return $this->wished($id, false, null, $now);
    }

    /**
     * Forgets a module. Its seat stays with the PBX, as with MikoPBX today.
     *
     * @throws StoreFault
     */
    public function uninstall(string $id): Report
    {
        $event = Event::NoSuchModule;
        $this->store->change(static function (array $modules) use ($id, &$event): array {
            $event = isset($modules[$id]) ? Event::Uninstalled : $event;
            unset($modules[$id]);
            return $modules;
        });
        return new Report($event, $id);
    }

    /**
     * The hourly look at MikoPBX itself and at each module that is to run. Who lost a license is disabled, and
     * who got it back is enabled.
     *
     * @return list<Report>
     *
     * @throws StoreFault
     */
    public function check(int $now): array
    {
        $verdicts = $this->verdicts($this->store->modules());
        $reports = [self::base($verdicts[self::BASE_FEATURE])];
        $this->store->change(static function (array $modules) use ($verdicts, $now, &$reports): array {
            foreach ($modules as $id => $before) {
                $verdict = $before->wanted ? $verdicts[$before->feature ?? 0] ?? null : null;
                if ($verdict === null) {
                    continue;
                }
                $modules[$id] = $before->told($verdict, $now);
                $reports[] = Report::about($modules[$id], self::turn($before, $modules[$id], $verdict), $verdict);
            }
            return $modules;
        });
        return $reports;
    }

    /**
     * What is installed.
     *
     * @return list<Module>
     *
     * @throws StoreFault
     */
    public function list(): array
    {
        return array_values($this->store->modules());
    }

    /**
     * The package in a folder; a report if it cannot be installed.
     */
    private function package(string $folder): Package|Report
    {
        $package = Package::read($folder);
        if ($package instanceof Failure) {
            return Report::failed(Event::Rejected, $folder, $package);
        }
        $installed = $this->store->modules()[$package->id] ?? null;
        if ($installed !== null && $installed->folder !== $package->folder) {
            $wrong = "$package->folder/module.json has the moduleUniqueID $package->id, which is installed from "
                . "$installed->folder. Uninstall that one, or correct the one that is wrong.";
            return Report::failed(Event::Rejected, $folder, new Failure(FailureKind::InvalidModule, null, $wrong));
        }
        $status = $package->product === null ? null : $this->client->status();
        return $status instanceof Status && $status->number === null
            ? new Report(Event::NoNumber, $package->id, $package->product, $package->feature, 2009)
            : $package;
    }

    private function trial(Package $package, int $now): ?Trial
    {
        return $package->product === null ? null : Trial::of($this->client->addTrial($package->product), $now);
    }

    private function installed(Package $package, ?Trial $trial, int $now): Report
    {
        $event = Event::Installed;
        $change = static function (array $modules) use ($package, $trial, $now, &$event): array {
            /** @var array<string, Module> $modules */
            $before = $modules[$package->id] ?? null;
            $event = $before === null ? Event::Installed : Event::Updated;
            $after = $before?->updated($package, $trial, $now) ?? Module::installed($package, $trial, $now);
            return [$package->id => $after] + $modules;
        };
        return Report::installed($this->store->change($change)[$package->id], $event);
    }

    private function wished(string $id, bool $wanted, ?Verdict $verdict, int $now): Report
    {
        $change = static function (array $modules) use ($id, $wanted, $verdict, $now): array {
            /** @var array<string, Module> $modules */
            $module = ($modules[$id] ?? null)?->wished($wanted, $now);
            if ($module === null) {
                return $modules;
            }
            return [$id => $verdict === null ? $module : $module->told($verdict, $now)] + $modules;
        };
        $module = $this->store->change($change)[$id] ?? null;
        if ($module === null) {
            return new Report(Event::NoSuchModule, $id);
        }
        $event = match ($module->condition()) {
            Condition::Enabled => self::running($verdict),
            Condition::DisabledByLicense => Event::DisabledByLicense,
            Condition::DisabledByUser => Event::DisabledByUser,
        };
        return Report::about($module, $event, $verdict);
    }

    /**
     * What is to be known each hour, by feature. For a module that is disabled by license a free seat is taken,
     * as when a person enables it; for one that runs nothing is.
     *
     * @param array<string, Module> $modules
     *
     * @return array<int, Verdict>
     */
    private function verdicts(array $modules): array
    {
        $refused = [];
        $features = [self::BASE_FEATURE];
        foreach ($modules as $module) {
            if ($module->wanted && $module->feature !== null) {
                $features[] = $module->feature;
                $refused[] = $module->refusal === null ? null : $module->feature;
            }
        }
        $verdicts = $this->client->checkMany($features);
        if ($verdicts[self::BASE_FEATURE]->failure?->kind->isWithoutAnswer() === true) {
            return $verdicts;
        }
        foreach (array_filter(array_unique($refused)) as $feature) {
            $verdicts[$feature] = $this->client->ensure($feature);
        }
        return $verdicts;
    }

    private static function base(Verdict $verdict): Report
    {
        $event = match (true) {
            $verdict->kind === VerdictKind::Granted => Event::BaseLicensed,
            $verdict->mayRun() => Event::BaseUnclear,
            default => Event::BaseUnlicensed,
        };
        return new Report(
            $event,
            'MikoPBX',
            self::BASE_PRODUCT,
            self::BASE_FEATURE,
            $verdict->code,
            $verdict->message,
            isWithoutAnswer: $verdict->failure?->kind->isWithoutAnswer() ?? false,
        );
    }

    private static function running(?Verdict $verdict): Event
    {
        return $verdict === null || $verdict->kind === VerdictKind::Granted ? Event::Enabled : Event::GoesOn;
    }

    private static function turn(Module $before, Module $after, Verdict $verdict): Event
    {
        if ($after->refusal !== null) {
            return $before->refusal === null ? Event::LostLicense : Event::DisabledByLicense;
        }
        return $before->refusal === null ? self::running($verdict) : Event::CameBack;
    }
}
