<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Verdict;
use MikoPBX\Licensed\Wire\Fields;
use ModuleLoader\Loader;
use ModuleLoader\Module;
use ModuleLoader\Package;
use ModuleLoader\Store;

/**
 * A test of the module loader: a folder of its own, and the words of a daemon.
 */
abstract class ModuleLoaderCase extends Scripted
{
    protected const NOW = 1_795_000_000;

    protected const MODULES = __DIR__ . '/modules';

    private ?string $folder = null;

    protected function tearDown(): void
    {
        parent::tearDown();
        if ($this->folder !== null) {
            self::remove($this->folder);
        }
    }

    /** A folder that is removed with all that is in it. */
    protected function folder(): string
    {
        if ($this->folder === null) {
            $this->folder = sys_get_temp_dir() . '/licensed-loader-' . bin2hex(random_bytes(6));
            mkdir($this->folder, 0700);
        }
        return $this->folder;
    }

    protected function store(): Store
    {
        return new Store("{$this->folder()}/state.json");
    }

    protected function loader(FakeDaemon $daemon): Loader
    {
        return new Loader(self::client($daemon), $this->store());
    }

    protected static function package(string $name = 'ModuleAmoCrm'): Package
    {
        $package = Package::read(self::MODULES . "/$name");
        self::assertInstanceOf(Package::class, $package);
        return $package;
    }

    /** Puts a module into the store: one that runs unless the change makes something else of it. */
    protected function installed(string $name = 'ModuleAmoCrm', ?callable $change = null): Module
    {
        $module = Module::installed(self::package($name), null, self::NOW)->wished(true, self::NOW);
        $module = $change === null ? $module : $change($module);
        $this->store()->change(static fn (array $modules): array => [$module->id => $module] + $modules);
        return $module;
    }

    /** Puts a module into the store that a person wants and its license does not let run. */
    protected function refused(string $name = 'ModuleAmoCrm'): Module
    {
        return $this->installed($name, static function (Module $module): Module {
            return $module->told(self::verdict(self::denied((int) $module->feature)), self::NOW);
        });
    }

    /** The verdict in an answer. */
    protected static function verdict(array $answer): Verdict
    {
        return Verdict::fromWire(Fields::of($answer['entitlement'], 'entitlement'));
    }

    protected static function unclear(int $feature = 45, bool $mayRun = true, int $code = 1012): array
    {
        $verdict = ['indeterminate' => ['code' => $code, 'since' => 1_794_000_000, 'may_run' => $mayRun]];
        return self::entitlement($verdict, $feature, null, ['message' => "($code) Nobody knows."]);
    }

    /** The answer to check_many. */
    protected static function entitlements(array ...$answers): array
    {
        return ['entitlements' => array_column($answers, 'entitlement')];
    }

    protected static function status(?string $number = 'MIKO-*****-*****-*****-MN4OP'): array
    {
        $none = ['company', 'server', 'code', 'serial', 'last_answer', 'last_failure', 'next_check', 'honoured_until'];
        return ['status' => [
            ...array_fill_keys($none, null),
            'version' => '0.1.0',
            'state' => $number === null ? 'unregistered' : 'fresh',
            'number' => $number,
            'message' => 'A sentence for people.',
            'warnings' => [],
        ]];
    }

    protected static function done(): array
    {
        return ['done' => ['message' => 'The number holds the product.', 'warnings' => []]];
    }

    protected static function error(string $kind, ?int $code, string $message = 'A sentence for people.'): array
    {
        return ['error' => ['kind' => $kind, 'code' => $code, 'message' => $message]];
    }

    protected static function captured(int $feature = 45): array
    {
        return ['captured' => ['session' => 'seat-1', ...self::granted($feature)]];
    }

    private static function remove(string $path): void
    {
        if (!is_dir($path) || is_link($path)) {
            unlink($path);
            return;
        }
        foreach (array_diff(scandir($path), ['.', '..']) as $name) {
            self::remove("$path/$name");
        }
        rmdir($path);
    }
}
