import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, MODULE_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner } from '@nestjs/core';

export interface ServedRoute {
  /** `GET`, `POST`, … */
  readonly method: string;
  /** As routers write it: `/api/orders/:id/payment`. */
  readonly url: string;
  /** The part of the shop whose controllers answer it. */
  readonly part: string;
}

/** Who answers what, read from the controllers themselves: a new route of a domain is known here without a line. */
export function routesOf(parts: Readonly<Record<string, Type>>): ServedRoute[] {
  return Object.entries(parts).flatMap(([part, module]) => {
    const controllers = (Reflect.getMetadata(MODULE_METADATA.CONTROLLERS, module) ?? []) as Type[];
    return controllers.flatMap((controller) => routesOfController(controller).map((route) => ({ ...route, part })));
  });
}

function routesOfController(controller: Type): Omit<ServedRoute, 'part'>[] {
  const prototype = controller.prototype as Record<string, object>;
  const base = Reflect.getMetadata(PATH_METADATA, controller) as string;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const method = Reflect.getMetadata(METHOD_METADATA, prototype[name] as object) as RequestMethod | undefined;
    if (method === undefined) return [];
    const path = Reflect.getMetadata(PATH_METADATA, prototype[name] as object) as string;
    return [{ method: RequestMethod[method], url: joined(base, path) }];
  });
}

const joined = (...paths: readonly string[]): string =>
  `/${paths
    .flatMap((path) => path.split('/'))
    .filter(Boolean)
    .join('/')}`;
