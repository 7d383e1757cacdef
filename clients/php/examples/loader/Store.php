<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Quiet;

/**
 * What is installed, in a JSON file.
 *
 * The file is replaced whole, so that a power cut leaves the old one or the new one. The one before is kept
 * beside it, and is read where the file is damaged.
 */
final class Store
{
    private const FLAGS = JSON_PRETTY_PRINT | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES
        | JSON_INVALID_UTF8_SUBSTITUTE;

    public function __construct(private readonly string $file)
    {
    }

    /**
     * The installed modules, by id.
     *
     * @return array<string, Module>
     *
     * @throws StoreFault
     */
    public function modules(): array
    {
        if (!file_exists($this->file)) {
            return [];
        }
        return self::read($this->file) ?? self::read("$this->file.previous") ?? throw new StoreFault(
            "$this->file is damaged, and there is none from before. Remove it, and install the modules again.",
        );
    }

    /**
     * Changes what is installed. One loader at a time does; what is written is there after a power cut.
     *
     * @param callable(array<string, Module>): array<string, Module> $change
     *
     * @return array<string, Module> what is installed then
     *
     * @throws StoreFault
     */
    public function change(callable $change): array
    {
        $lock = Quiet::call(fn () => fopen("$this->file.lock", 'c'));
        if ($lock === false || !flock($lock, LOCK_EX)) {
            throw $this->notWritten();
        }
        $before = $this->modules();
        $after = $change($before);
        ksort($after);
        $text = self::text($after);
        if ($text !== self::text($before)) {
            $this->write($text);
        }
        return $after;
    }

    /**
     * @return array<string, Module>|null null if the file is damaged or not there
     *
     * @throws StoreFault
     */
    private static function read(string $file): ?array
    {
        if (!file_exists($file)) {
            return null;
        }
        $text = is_file($file) ? Quiet::call(static fn () => file_get_contents($file)) : false;
        if ($text === false) {
            throw new StoreFault("$file cannot be read. Check that it is a file and who may read it.");
        }
        $json = json_decode($text, true);
        if (!is_array($json)) {
            return null;
        }
        $modules = [];
        try {
            foreach ($json as $entry) {
                $module = Module::read(Record::of($entry));
                $modules[$module->id] = $module;
            }
        } catch (\UnexpectedValueException) {
            return null;
        }
        return $modules;
    }

    /**
     * @param array<string, Module> $modules
     */
    private static function text(array $modules): string
    {
        return json_encode(array_values($modules), self::FLAGS | JSON_THROW_ON_ERROR) . "\n";
    }

    private function write(string $text): void
    {
        $written = Quiet::call(function () use ($text): bool {
            $new = fopen("$this->file.new", 'w');
            if ($new === false || fwrite($new, $text) !== strlen($text) || !fsync($new)) {
                return false;
            }
            $this->keepWhatWas();
            return rename("$this->file.new", $this->file) && $this->syncFolder();
        });
        if (!$written) {
            throw $this->notWritten();
        }
    }

    /** The file before this one is kept beside it; a damaged one does not take the place of a good one. */
    private function keepWhatWas(): void
    {
        $kept = self::read($this->file) === null ? "$this->file.damaged" : "$this->file.previous";
        if (is_file("$kept.new")) {
            unlink("$kept.new");
        }
        if (link($this->file, "$kept.new")) {
            rename("$kept.new", $kept);
        }
    }

    private function syncFolder(): bool
    {
        $folder = fopen(dirname($this->file), 'r');
        return $folder !== false && fsync($folder);
    }

    private function notWritten(): StoreFault
    {
        $folder = dirname($this->file);
        return new StoreFault("$this->file cannot be written. Check that $folder exists, who may write there, "
            . 'and whether the disk is full. What was installed before is kept.');
    }
}
