<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use ModuleLoader\Event;
use ModuleLoader\Module;
use ModuleLoader\Report;

/**
 * Thirty packages as they come: real ones, and what can be wrong with one.
 */
final class ModuleLoaderPackagesTest extends ModuleLoaderCase
{
    /** Id, product and feature of those that can be installed. */
    private const GOOD = [
        ['ModuleAmoCrm', 81, 45],
        ['ModuleBitrix24Integration', 31, 41],
        ['ModuleCTIClient', null, null],
        ['ModuleGreeting', null, null],
        ['ModuleLargestIds', 4294967295, 4294967295],
        ['ModuleLdapSync', 131, 54],
        ['ModuleMikoPBX', 11, 33],
        ['ModulePhoneBook', null, null],
        ['ModuleQualityAssessment', 129, 53],
        ['ModuleSmartIVR', null, null],
        ['ModuleTelegramProvider', 96, 50],
        ['ModuleTelephony1C', 85, 43],
        ['ModuleTrialOnly', 96, null],
        ['ModuleUnsold', 9998, 9999],
        ['ModuleUsersGroups', null, null],
        ['ModuleUsersUI', 127, 51],
        ['МодульТелефонии', null, null],
    ];

    /** What is said of the others, by folder. */
    private const BAD = [
        'ModuleBom' => 'begins with a byte order mark; save it as UTF-8 without one',
        'ModuleCutShort' => 'is no JSON object (Syntax error)',
        'ModuleFifo' => 'cannot be read; check that it is a file, and who may read it',
        'ModuleFraction' => 'has no number in lic_feature_id',
        'ModuleHuge' => 'is longer than 256 KiB',
        'ModuleList' => 'is no JSON object; correct it',
        'ModuleLoop' => 'cannot be read; check that it is a file, and who may read it',
        'ModuleNameless' => 'has no name in moduleUniqueID; it takes 1 to 128 bytes',
        'ModuleNegative' => 'has no number in lic_feature_id',
        'ModulePhoneBookCopy' => 'has the moduleUniqueID ModulePhoneBook, which is installed from',
        'ModuleTerminal' => 'has no name in moduleUniqueID',
        'ModuleTooLarge' => 'has no number in lic_product_id',
        'ModuleWords' => 'has no number in lic_feature_id; a free module leaves it out or sets it to 0',
    ];

    /** The packages, with those that no repository can hold. */
    private function thirty(): array
    {
        foreach (glob(self::MODULES . '/*/module.json') as $path) {
            $copy = "{$this->folder()}/modules/" . basename(dirname($path));
            mkdir($copy, recursive: true);
            copy($path, "$copy/module.json");
        }
        foreach (['ModuleFifo', 'ModuleHuge', 'ModuleLoop'] as $name) {
            mkdir("{$this->folder()}/modules/$name");
        }
        posix_mkfifo("{$this->folder()}/modules/ModuleFifo/module.json", 0600);
        symlink('module.json', "{$this->folder()}/modules/ModuleLoop/module.json");
        file_put_contents("{$this->folder()}/modules/ModuleHuge/module.json", str_repeat(' ', 1 << 20));
        return glob("{$this->folder()}/modules/*");
    }

    public function testEachPackageIsInstalledOrSaysWhatIsWrongWithIt(): void
    {
        $known = [self::READ, self::send(self::frame(self::status())), self::HOLD];
        $tried = [self::READ, self::send(self::frame(self::done()))];
        // The status of the next package is asked for on the connection of the last trial.
        $next = [...$tried, self::READ, self::send(self::frame(self::status())), self::HOLD];
        $licensed = count(array_filter(array_column(self::GOOD, 1)));
        $daemon = $this->daemon($known, ...array_fill(0, $licensed - 1, $next), ...[[...$tried, self::HOLD]]);
        $loader = $this->loader($daemon);

        $folders = $this->thirty();
        self::assertCount(30, $folders);
        $reports = array_map(static fn (string $folder): Report => $loader->install($folder, self::NOW), $folders);

        $wrong = array_filter($reports, static fn (Report $report): bool => $report->event === Event::Rejected);
        self::assertSame(array_keys(self::BAD), array_map(
            static fn (Report $report): string => basename($report->module),
            array_values($wrong),
        ));
        foreach ($wrong as $report) {
            $name = basename($report->module);
            self::assertStringContainsString("/modules/$name/module.json " . self::BAD[$name], $report->message);
        }
        self::assertSame(self::GOOD, array_map(
            static fn (Module $module): array => [$module->id, $module->product, $module->feature],
            $loader->list(),
        ));
        self::assertCount(2 * $licensed, $daemon->requests());
    }

    public function testAFileThatMayNotBeReadIsSaid(): void
    {
        $folder = $this->thirty()[0];
        chmod("$folder/module.json", 0);
        $loader = $this->loader($this->answering());
        // Under another user the classes may be out of reach: load them first.
        $loader->install(self::MODULES . '/ModuleWords', self::NOW);
        $euid = posix_geteuid();
        chmod($this->folder(), 0755);
        if ($euid === 0) {
            posix_seteuid(posix_getpwnam('nobody')['uid']);
        }
        try {
            $report = $loader->install($folder, self::NOW);
        } finally {
            posix_seteuid($euid);
        }
        self::assertSame(Event::Rejected, $report->event);
        self::assertStringContainsString("$folder/module.json cannot be read", $report->message);
    }

    public function testWhereNoModuleIsIsSaid(): void
    {
        $loader = $this->loader($this->answering());
        foreach (['/nonexistent', $this->folder(), __FILE__, '', "a\0b"] as $folder) {
            $report = $loader->install($folder, self::NOW);
            self::assertSame(Event::Rejected, $report->event);
            self::assertStringContainsString("$folder/module.json cannot be read", $report->message);
        }
    }
}
