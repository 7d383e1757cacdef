<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\ModuleManifest;
use MikoPBX\Licensed\VerdictKind;

/**
 * What a module.json comes to.
 */
final class ModuleTest extends Scripted
{
    /**
     * @dataProvider freeManifests
     */
    public function testAFreeModuleIsGrantedWithoutAsking(string $manifest): void
    {
        $daemon = $this->answering(self::denied());
        $folder = $this->modules(['ModulePhoneBook' => $manifest]);
        $verdict = self::client($daemon)->checkModule("$folder/ModulePhoneBook/module.json");
        self::assertSame(VerdictKind::Granted, $verdict->kind);
        self::assertTrue($verdict->mayRun());
        self::assertNull($verdict->feature);
        self::assertSame([], $daemon->log());
    }

    public static function freeManifests(): array
    {
        return [
            'no ids' => ['{"moduleUniqueID":"ModulePhoneBook"}'],
            'zeros' => ['{"lic_product_id":0,"lic_feature_id":0}'],
            'zeros in quotes' => ['{"lic_product_id":"0","lic_feature_id":"0"}'],
            'null' => ['{"lic_feature_id":null}'],
            'a product alone' => ['{"lic_product_id":81}'],
            'an empty object' => ['{}'],
        ];
    }

    /**
     * @dataProvider licensedManifests
     */
    public function testALicensedModuleIsAskedAboutByItsFeature(string $manifest): void
    {
        $daemon = $this->answering(self::denied());
        $folder = $this->modules(['ModuleAmoCrm' => $manifest]);
        $verdict = self::client($daemon)->checkModule("$folder/ModuleAmoCrm/module.json");
        self::assertSame(['{"check":{"feature":45,"holder":null}}'], $daemon->requests());
        self::assertSame(VerdictKind::Denied, $verdict->kind);
        self::assertSame([2008, 45], [$verdict->code, $verdict->feature]);
        self::assertSame(81, $verdict->product, 'the daemon named none, module.json does');
    }

    public static function licensedManifests(): array
    {
        return [
            'integers' => ['{"lic_product_id":81,"lic_feature_id":45}'],
            'strings' => ['{"lic_product_id":"81","lic_feature_id":"45"}'],
        ];
    }

    public function testTheProductThatTheDaemonNamesWins(): void
    {
        $daemon = $this->answering(self::granted(45, 82));
        $folder = $this->modules(['ModuleAmoCrm' => '{"lic_product_id":81,"lic_feature_id":45}']);
        $verdict = self::client($daemon)->checkModule("$folder/ModuleAmoCrm/module.json");
        self::assertSame(82, $verdict->product);
        self::assertSame('seat-1', $verdict->session);
    }

    /**
     * @dataProvider brokenManifests
     */
    public function testABrokenManifestIsNeitherAGrantNorAFatal(string $manifest, string $words): void
    {
        $daemon = $this->answering(self::granted());
        $folder = $this->modules(['ModuleBroken' => $manifest]);
        $path = "$folder/ModuleBroken/module.json";
        $verdict = self::client($daemon)->checkModule($path);
        self::assertSame(VerdictKind::Indeterminate, $verdict->kind);
        self::assertFalse($verdict->mayRun());
        self::assertSame(FailureKind::InvalidModule, $verdict->failure->kind);
        self::assertStringContainsString($path, $verdict->message);
        self::assertStringContainsString($words, $verdict->message);
        self::assertSame([], $daemon->log());
    }

    public static function brokenManifests(): array
    {
        $feature = 'no number in lic_feature_id';
        return [
            'empty' => ['', 'no JSON object'],
            'cut short' => ['{"lic_feature_id":4', 'no JSON object'],
            'a list' => ['[45]', 'no JSON object'],
            'a number' => ['45', 'no JSON object'],
            'too long' => ['{"a":"' . str_repeat('x', 300_000) . '"}', 'longer than 256 KiB'],
            'words' => ['{"lic_feature_id":"amo"}', $feature],
            'nothing in quotes' => ['{"lic_feature_id":""}', $feature],
            'a line end' => ['{"lic_feature_id":"45\n"}', $feature],
            'a fraction' => ['{"lic_feature_id":45.5}', $feature],
            'true' => ['{"lic_feature_id":true}', $feature],
            'a list of ids' => ['{"lic_feature_id":[45]}', $feature],
            'negative' => ['{"lic_feature_id":-45}', $feature],
            'over 32 bits' => ['{"lic_feature_id":4294967296}', $feature],
            'over 32 bits in quotes' => ['{"lic_feature_id":"4294967296"}', $feature],
            'a product in words' => ['{"lic_feature_id":45,"lic_product_id":"amo"}', 'no number in lic_product_id'],
        ];
    }

    public function testAMissingManifestIsSaidToBeMissing(): void
    {
        $folder = $this->modules([]);
        mkdir("$folder/ModuleNone/module.json", recursive: true);
        $client = new Client('/nonexistent/licensed.sock');
        foreach (["$folder/nowhere/module.json", "$folder/ModuleNone/module.json", "a\0b", ''] as $path) {
            $verdict = $client->checkModule($path);
            self::assertSame(FailureKind::InvalidModule, $verdict->failure->kind);
            self::assertStringContainsString('cannot be read', $verdict->message);
            self::assertFalse($verdict->mayRun());
        }
    }

    public function testTheExampleModulesSayWhatTheyNeed(): void
    {
        $says = static function (string $module): array {
            $manifest = ModuleManifest::read(__DIR__ . "/../examples/modules/$module/module.json");
            self::assertInstanceOf(ModuleManifest::class, $manifest);
            return [$manifest->uniqueId, $manifest->product, $manifest->feature];
        };
        self::assertSame(['ModulePhoneBook', null, null], $says('ModulePhoneBook'));
        self::assertSame(['ModuleAmoCrm', 81, 45], $says('ModuleAmoCrm'));
        self::assertSame(['ModuleUnsold', 9998, 9999], $says('ModuleUnsold'));
    }
}
