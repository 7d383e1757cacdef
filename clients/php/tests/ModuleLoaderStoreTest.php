<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use ModuleLoader\Module;
use ModuleLoader\Store;
use ModuleLoader\StoreFault;
use ModuleLoader\Trial;

/**
 * What is installed is not lost: not by a power cut, not by damage, not by two loaders at once.
 */
final class ModuleLoaderStoreTest extends ModuleLoaderCase
{
    private function file(string $suffix = ''): string
    {
        return "{$this->folder()}/state.json$suffix";
    }

    public function testWhatIsWrittenIsReadAgain(): void
    {
        $trial = new Trial(false, 2011, 'It was used.', self::NOW);
        $this->installed('ModulePhoneBook');
        $refused = $this->refused('ModuleLdapSync');
        $tried = $this->installed('МодульТелефонии', fn (Module $module) => $module->updated(
            self::package('МодульТелефонии'),
            $trial,
            self::NOW,
        ));
        $read = $this->store()->modules();
        self::assertSame(['ModuleLdapSync', 'ModulePhoneBook', 'МодульТелефонии'], array_keys($read));
        self::assertEquals([$refused, $tried], [$read['ModuleLdapSync'], $read['МодульТелефонии']]);
        self::assertSame(2008, $read['ModuleLdapSync']->refusal->code);
        self::assertSame('It was used.', $read['МодульТелефонии']->trial->message);
    }

    public function testNothingIsInstalledAtFirst(): void
    {
        self::assertSame([], $this->store()->modules());
        self::assertFileDoesNotExist($this->file());
    }

    public function testAnUnchangedStoreIsNotWritten(): void
    {
        $this->installed();
        $inode = fileinode($this->file());
        $this->store()->change(static fn (array $modules): array => $modules);
        clearstatcache();
        self::assertSame($inode, fileinode($this->file()));
    }

    public function testAPowerCutWhileItIsWrittenChangesNothing(): void
    {
        $module = $this->installed();
        file_put_contents($this->file('.new'), '[{"id":"Modu');
        file_put_contents($this->file('.previous.new'), '');
        self::assertEquals([$module->id => $module], $this->store()->modules());
        $this->installed('ModulePhoneBook');
        self::assertCount(2, $this->store()->modules());
    }

    public function testWhereverTheFileIsCutTheOneBeforeIsRead(): void
    {
        $module = $this->refused();
        $this->installed('ModulePhoneBook');
        $whole = file_get_contents($this->file());
        // Without its last byte, a line end, it is whole still.
        for ($length = 0; $length < strlen($whole) - 1; $length++) {
            file_put_contents($this->file(), substr($whole, 0, $length));
            self::assertEquals([$module->id => $module], $this->store()->modules(), "cut to $length bytes");
        }
    }

    /**
     * @dataProvider damages
     */
    public function testADamagedFileIsSetAsideByTheNextChange(string $text): void
    {
        $module = $this->installed();
        $this->installed('ModulePhoneBook');
        file_put_contents($this->file(), $text);
        $other = $this->installed('ModuleSmartIVR');
        self::assertEquals([$module->id => $module, $other->id => $other], $this->store()->modules());
        self::assertSame($text, file_get_contents($this->file('.damaged')));
        self::assertStringContainsString('ModuleAmoCrm', file_get_contents($this->file('.previous')));
    }

    public static function damages(): array
    {
        $module = '{"id":"ModuleX","folder":"/x","product":null,"feature":45,"wanted":true,"refusal":null,'
            . '"trial":null,"since":1}';
        return [
            'nothing' => [''],
            'zeros' => [str_repeat("\0", 100)],
            'no list' => ['45'],
            'no modules' => ['[1]'],
            'a feature in quotes' => ['[' . str_replace('45', '"45"', $module) . ']'],
            'no wish' => ['[' . str_replace('"wanted":true,', '', $module) . ']'],
            'half a refusal' => ['[' . str_replace('"refusal":null', '"refusal":{"code":2008}', $module) . ']'],
            'half a trial' => ['[' . str_replace('"trial":null', '"trial":{"granted":"yes"}', $module) . ']'],
        ];
    }

    public function testFieldsOfANewerLoaderAreIgnored(): void
    {
        $module = $this->installed();
        $text = str_replace('"wanted"', '"colour": "green", "wanted"', file_get_contents($this->file()));
        file_put_contents($this->file(), $text);
        self::assertEquals([$module->id => $module], $this->store()->modules());
    }

    public function testWhereNothingIsWholeAPersonIsAsked(): void
    {
        file_put_contents($this->file(), '[');
        foreach (['', '['] as $before) {
            file_put_contents($this->file('.previous'), $before);
            try {
                $this->store()->change(static fn (array $modules): array => []);
                self::fail('it was taken for an empty store');
            } catch (StoreFault $fault) {
                self::assertStringContainsString("{$this->file()} is damaged", $fault->getMessage());
            }
        }
        self::assertSame('[', file_get_contents($this->file()));
    }

    public function testWhatCannotBeWrittenIsSaid(): void
    {
        $store = new Store("{$this->folder()}/nowhere/state.json");
        self::assertSame([], $store->modules());
        $this->expectException(StoreFault::class);
        $this->expectExceptionMessage("Check that {$this->folder()}/nowhere exists");
        $store->change(static fn (array $modules): array => $modules);
    }

    public function testAFileThatIsAFolderIsSaid(): void
    {
        mkdir($this->file());
        $this->expectException(StoreFault::class);
        $this->expectExceptionMessage('cannot be read');
        $this->store()->modules();
    }

    public function testAFailedWriteLeavesWhatWas(): void
    {
        $module = $this->installed();
        mkdir($this->file('.new'));
        try {
            $this->store()->change(static fn (array $modules): array => []);
            self::fail('it was written');
        } catch (StoreFault $fault) {
            self::assertStringContainsString('cannot be written', $fault->getMessage());
        }
        self::assertEquals([$module->id => $module], $this->store()->modules());
    }

    public function testALoaderThatIsKilledAtAnyMomentLeavesAWholeStore(): void
    {
        $this->installed('ModulePhoneBook');
        $program = sprintf(
            'require %s; $store = new ModuleLoader\Store(%s); for ($i = 0; ; $i++) { $store->change(fn ($modules) =>'
            . ' array_map(fn ($module) => $module->wished($i %% 2 === 0, hrtime(true)), $modules)); echo "$i\n"; }',
            var_export(__DIR__ . '/../examples/loader/autoload.php', true),
            var_export($this->file(), true),
        );
        $times = [];
        for ($kill = 0; $kill < 25; $kill++) {
            $process = proc_open([PHP_BINARY, '-r', $program], [1 => ['pipe', 'w'], 2 => STDERR], $pipes);
            // One of the first two changed something.
            fgets($pipes[1]);
            fgets($pipes[1]);
            usleep(397 * $kill);
            proc_terminate($process, SIGKILL);
            proc_close($process);
            $modules = $this->store()->modules();
            self::assertSame(['ModulePhoneBook'], array_keys($modules));
            $times[] = $modules['ModulePhoneBook']->since;
        }
        self::assertCount(25, array_unique($times), 'each of them wrote before it was killed');
        self::assertFileDoesNotExist($this->file('.damaged'));
    }

    public function testLoadersAtTheSameTimeLoseNothing(): void
    {
        $program = __DIR__ . '/../examples/module-loader.php';
        $names = ['ModulePhoneBook', 'ModuleCTIClient', 'ModuleUsersGroups', 'ModuleSmartIVR', 'ModuleGreeting'];
        $state = ['--socket', '/nonexistent/licensed.sock', '--state', $this->file()];
        $processes = [];
        foreach ($names as $name) {
            $command = [PHP_BINARY, $program, ...$state, 'install', self::MODULES . "/$name"];
            $processes[] = proc_open($command, [1 => ['file', '/dev/null', 'w']], $pipes);
        }
        self::assertSame([0], array_values(array_unique(array_map(proc_close(...), $processes))));
        self::assertEqualsCanonicalizing($names, array_keys($this->store()->modules()));
    }
}
