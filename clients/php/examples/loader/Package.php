<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\ModuleManifest;

/**
 * A folder with a module in it, as its module.json describes it.
 */
final readonly class Package
{
    private function __construct(
        /** The `moduleUniqueID`. */
        public string $id,
        /** Where it is, without links and dots. */
        public string $folder,
        /** The product that holds its license; a trial of it is asked for. */
        public ?int $product,
        /** The feature that must be licensed; null for a free module. */
        public ?int $feature,
    ) {
    }

    /**
     * Reads the module.json of a folder. What is wrong with it is a failure that names the file.
     */
    public static function read(string $folder): self|Failure
    {
        $path = "$folder/module.json";
        $manifest = ModuleManifest::read($path);
        if ($manifest instanceof Failure) {
            return $manifest;
        }
        $id = $manifest->uniqueId;
        if ($id === null || strlen($id) > 128 || preg_match('/\A[\p{L}_][\p{L}\p{N}_]*\z/u', $id) !== 1) {
            $wants = 'it takes 1 to 128 bytes of letters, digits and underscores, and begins with no digit';
            return new Failure(FailureKind::InvalidModule, null, "$path has no name in moduleUniqueID; $wants.");
        }
        return new self($id, (string) realpath($folder), $manifest->product, $manifest->feature);
    }
}
