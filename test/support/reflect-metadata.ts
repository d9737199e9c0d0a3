// NestJS reads the types of constructor parameters at run time; `main.ts` loads this first too.
import 'reflect-metadata';
