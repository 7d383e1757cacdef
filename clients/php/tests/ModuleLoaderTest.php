<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

/**
 * The example that walks a folder of modules.
 */
final class ModuleLoaderTest extends Scripted
{
    private const EXAMPLES = __DIR__ . '/../examples/modules';

    public function testEachModuleHasItsLine(): void
    {
        $daemon = $this->answering(self::granted(45), self::denied(9999));
        [$code, $output] = $this->load($daemon->socket, self::EXAMPLES);
        $reason = '(2008) There is no license for this feature.';
        self::assertSame(<<<TEXT
            ModuleAmoCrm     yes  granted        feature 45    product 81    A sentence for people.
            ModulePhoneBook  yes  granted        feature -     product -     This module needs no license.
            ModuleUnsold     no   denied         feature 9999  product 9998  $reason

            TEXT, $output);
        self::assertSame(0, $code);
        self::assertSame(1, $daemon->connections());
    }

    public function testScriptsGetAnArray(): void
    {
        $daemon = $this->answering(self::granted(45), self::denied(9999));
        [$code, $output] = $this->load('--json', $daemon->socket, self::EXAMPLES);
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

    public function testABrokenModuleHidesNoOther(): void
    {
        $folder = $this->modules([
            'ModuleZ' => '{"moduleUniqueID":"ModuleA\u001b[2J"}',
            'ModuleBroken' => '{',
        ]);
        mkdir("$folder/empty");
        [$code, $output] = $this->load('/nonexistent/licensed.sock', $folder);
        self::assertSame(0, $code);
        self::assertCount(2, explode("\n", trim($output)));
        self::assertMatchesRegularExpression('~^ModuleA \[2J .*yes  granted~m', $output);
        self::assertMatchesRegularExpression('~^ModuleBroken .*no   indeterminate .*no JSON object~m', $output);
    }

    public function testItSaysWithItsExitCodeThatLicensedWasNotReached(): void
    {
        [$code, $output] = $this->load('/nonexistent/licensed.sock', self::EXAMPLES);
        self::assertSame(3, $code);
        self::assertMatchesRegularExpression('~^ModuleAmoCrm .*yes  indeterminate ~m', $output);
        self::assertStringContainsString('systemctl start licensed', $output);
    }

    public function testAnEmptyFolderIsNoError(): void
    {
        $folder = $this->modules([]);
        self::assertSame([0, ''], array_slice($this->load('/nonexistent/licensed.sock', $folder), 0, 2));
        self::assertSame([0, "[]\n"], array_slice($this->load('--json', '/nonexistent/s', $folder), 0, 2));
    }

    public function testWrongUseIsSaid(): void
    {
        $long = '/' . str_repeat('x', 107);
        foreach ([[], ['socket'], ['socket', '/nonexistent'], ['a', '/tmp', 'c'], [$long, '/tmp']] as $arguments) {
            [$code, $output, $errors] = $this->load(...$arguments);
            self::assertSame(2, $code);
            self::assertSame('', $output);
            self::assertNotSame('', $errors);
        }
    }

    /**
     * @return array{int, string, string} exit code, output, errors
     */
    private function load(string ...$arguments): array
    {
        $command = [PHP_BINARY, __DIR__ . '/../examples/module-loader.php', ...$arguments];
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['pipe', 'w']], $pipes);
        $output = stream_get_contents($pipes[1]);
        $errors = stream_get_contents($pipes[2]);
        return [proc_close($process), $output, $errors];
    }
}
