<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

/**
 * The module loader, as it is called.
 */
final class ModuleLoaderTest extends ModuleLoaderCase
{
    private const EXAMPLES = __DIR__ . '/../examples/modules';

    public function testAModuleIsInstalledEnabledListedAndDisabled(): void
    {
        $daemon = $this->daemon(
            [self::READ, self::send(self::frame(self::status())), self::HOLD],
            [self::READ, self::send(self::frame(self::done())), self::HOLD],
            [self::READ, self::send(self::frame(self::granted())), self::HOLD],
        );
        $do = fn (string ...$arguments): array => $this->load('--socket', $daemon->socket, ...$arguments);
        $trial = 'The trial of product 81 is granted, or the registration number held the product before.';
        self::assertSame(
            [0, "Module ModuleAmoCrm is installed. $trial\n", ''],
            $do('install', self::EXAMPLES . '/ModuleAmoCrm'),
        );
        self::assertSame([0, "Module ModuleAmoCrm is enabled.\n", ''], $do('enable', 'ModuleAmoCrm'));
        self::assertMatchesRegularExpression('~^ModuleAmoCrm  enabled since [-0-9: ]{16}  The trial~', $do('list')[1]);
        $disabled = [0, "Модуль ModuleAmoCrm выключен.\n", ''];
        self::assertSame($disabled, $do('--language', 'ru', 'disable', 'ModuleAmoCrm'));
    }

    public function testALostLicenseIsToldInTheLanguageOfTheUserAndToScripts(): void
    {
        $this->installed();
        $word = self::entitlements(self::granted(33), self::denied());
        $russian = $this->load('--socket', $this->answering($word)->socket, '--language', 'ru', 'check');
        self::assertSame(1, $russian[0]);
        self::assertStringContainsString(
            'Модуль ModuleAmoCrm выключен: его лицензия больше не действует. (2008)',
            $russian[1],
        );

        [$code, $output] = $this->load('list', '--json');
        self::assertSame(0, $code);
        [$module] = json_decode($output, true, 16, JSON_THROW_ON_ERROR);
        self::assertSame(
            ['ModuleAmoCrm', 'DisabledByLicense', 81, 45, 2008],
            [$module['module'], $module['condition'], $module['product'], $module['feature'], $module['code']],
        );

        $daemon = $this->answering($word, self::granted());
        [$code, $output] = $this->load('--socket', $daemon->socket, '--json', 'check');
        self::assertSame(0, $code);
        [, $report] = json_decode($output, true, 16, JSON_THROW_ON_ERROR);
        self::assertSame(['CameBack', 'ModuleAmoCrm', null], [$report['event'], $report['module'], $report['code']]);
        self::assertSame('Module ModuleAmoCrm is enabled again: its license is back.', $report['text']);
    }

    public function testTheExitCodeSaysThatLicensedWasNotReached(): void
    {
        $this->installed();
        [$code, $output] = $this->load('--socket', '/nonexistent/licensed.sock', 'check');
        self::assertSame(3, $code);
        self::assertStringContainsString('runs, although its license cannot be checked', $output);
        self::assertStringContainsString('systemctl start licensed', $output);
    }

    public function testATrialThatCouldNotBeAskedForIsNoRefusedOne(): void
    {
        $install = ['--socket', '/nonexistent/licensed.sock', 'install', self::EXAMPLES . '/ModuleAmoCrm'];
        [$code, $output] = $this->load(...$install);
        self::assertSame(3, $code);
        $said = 'Module ModuleAmoCrm is installed. The trial of product 81 could not be asked for. There is no socket';
        self::assertStringStartsWith($said, $output);
        self::assertStringContainsString('could not be asked for', $this->load('list')[1]);
    }

    public function testTheExitCodeSaysThatMikoPbxItselfHasNoLicense(): void
    {
        $daemon = $this->answering(self::entitlements(self::denied(33)));
        [$code, $output] = $this->load('--socket', $daemon->socket, 'check');
        self::assertSame(1, $code);
        self::assertStringStartsWith('MikoPBX itself has no license', $output);
    }

    public function testOneBadPackageStopsNoOther(): void
    {
        $folders = [self::MODULES . '/ModuleTerminal', self::MODULES . '/ModulePhoneBook'];
        [$code, $output] = $this->load('install', ...$folders);
        self::assertSame(1, $code);
        [$bad, $good] = explode("\n", $output);
        self::assertStringStartsWith("The module in $folders[0] is not installed", $bad);
        self::assertSame('Module ModulePhoneBook is installed.', $good);
    }

    public function testAStateThatCannotBeReadIsSaid(): void
    {
        file_put_contents("{$this->folder()}/state.json", '{');
        [$code, $output, $errors] = $this->load('list');
        self::assertSame([4, ''], [$code, $output]);
        self::assertStringContainsString('is damaged', $errors);
    }

    public function testTheSurveyHasALineForEachModule(): void
    {
        $daemon = $this->answering(self::granted(45), self::denied(9999));
        [$code, $output] = $this->load('--socket', $daemon->socket, 'survey', self::EXAMPLES);
        $reason = '(2008) There is no license for this feature.';
        self::assertSame(<<<TEXT
            ModuleAmoCrm     yes  granted  feature 45    product 81    A sentence for people.
            ModulePhoneBook  yes  granted  feature -     product -     This module needs no license.
            ModuleUnsold     no   denied   feature 9999  product 9998  $reason

            TEXT, $output);
        self::assertSame(0, $code);
        self::assertSame(1, $daemon->connections());
        self::assertFileDoesNotExist("{$this->folder()}/state.json");
    }

    public function testScriptsGetAnArrayOfTheSurvey(): void
    {
        $daemon = $this->answering(self::granted(45), self::denied(9999));
        [$code, $output] = $this->load('--json', '--socket', $daemon->socket, 'survey', self::EXAMPLES);
        self::assertSame(0, $code);
        [$amoCrm, $phoneBook, $unsold] = json_decode($output, true, 16, JSON_THROW_ON_ERROR);
        self::assertSame([
            'module' => 'ModuleAmoCrm',
            'feature' => 45,
            'product' => 81,
            'enable' => true,
            'verdict' => 'granted',
            'basis' => 'fresh',
            'code' => null,
            'message' => 'A sentence for people.',
        ], $amoCrm);
        self::assertSame(['ModulePhoneBook', null, null, true], [
            $phoneBook['module'],
            $phoneBook['feature'],
            $phoneBook['basis'],
            $phoneBook['enable'],
        ]);
        self::assertSame([9999, false, 'denied', 2008], [
            $unsold['feature'],
            $unsold['enable'],
            $unsold['verdict'],
            $unsold['code'],
        ]);
    }

    public function testABrokenModuleHidesNoOtherFromTheSurvey(): void
    {
        $folder = $this->modules([
            'ModuleZ' => '{"moduleUniqueID":"ModuleA\u001b[2J"}',
            'ModuleBroken' => '{',
        ]);
        mkdir("$folder/empty");
        [$code, $output] = $this->load('--socket', '/nonexistent/licensed.sock', 'survey', $folder);
        self::assertSame(0, $code);
        self::assertCount(2, explode("\n", trim($output)));
        self::assertMatchesRegularExpression('~^ModuleA \[2J .*yes  granted~m', $output);
        self::assertMatchesRegularExpression('~^ModuleBroken .*no   indeterminate .*no JSON object~m', $output);
    }

    public function testTheSurveySaysWithItsExitCodeThatLicensedWasNotReached(): void
    {
        [$code, $output] = $this->load('--socket', '/nonexistent/licensed.sock', 'survey', self::EXAMPLES);
        self::assertSame(3, $code);
        self::assertMatchesRegularExpression('~^ModuleAmoCrm .*yes  indeterminate ~m', $output);
        self::assertStringContainsString('systemctl start licensed', $output);
    }

    public function testNothingInstalledAndAnEmptyFolderAreNoErrors(): void
    {
        $folder = $this->modules([]);
        self::assertSame([0, '', ''], $this->load('survey', $folder));
        self::assertSame([0, "[]\n", ''], $this->load('--json', 'survey', $folder));
        self::assertSame([0, '', ''], $this->load('list'));
    }

    /**
     * @dataProvider wrongUses
     */
    public function testWrongUseIsSaid(string ...$arguments): void
    {
        [$code, $output, $errors] = $this->load(...$arguments);
        self::assertSame([2, ''], [$code, $output]);
        self::assertStringContainsString("\nusage: php module-loader.php", $errors);
    }

    public static function wrongUses(): array
    {
        return [
            'nothing' => [],
            'an unknown command' => ['start'],
            'an unknown option' => ['--colour', 'list'],
            'an option without its value' => ['list', '--socket'],
            'an unknown language' => ['--language', 'de', 'list'],
            'nothing to install' => ['install'],
            'too much to list' => ['list', 'ModuleAmoCrm'],
            'no folder to survey' => ['survey', '/nonexistent'],
            'a socket path that would be cut' => ['--socket', '/' . str_repeat('x', 107), 'list'],
        ];
    }

    /**
     * @return array{int, string, string} exit code, output, errors
     */
    private function load(string ...$arguments): array
    {
        $program = __DIR__ . '/../examples/module-loader.php';
        $command = [PHP_BINARY, $program, '--state', "{$this->folder()}/state.json", ...$arguments];
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['pipe', 'w']], $pipes);
        $output = stream_get_contents($pipes[1]);
        $errors = stream_get_contents($pipes[2]);
        return [proc_close($process), $output, $errors];
    }
}
