/* Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand. */
import type { Open } from './notation.ts'
import type { TeamRel } from './teams.ts'

export interface MDataDogMetadata {
  query: string
}

export interface MParamsDatadog {
  region: string
  apiKey: string
  applicationKey: string
}

export interface MParamsPrometheus {
  url: string
  authType: Open<'NONE' | 'BASIC' | 'HEADER'>
  basicUser?: string | null
  basicPass?: string | null
  headerKey?: string | null
  headerValue?: string | null
}

export interface MPrometheusMetadata {
  query: string
}

export interface Metric {
  id: number
  name?: string | null
  description?: string | null
  aggregationType?: MetricAggregationType | null
  displayType?: MetricDisplayType | null
  interpolateGaps?: boolean | null
  lockYAxisMax?: number | null
  lockYAxisMin?: number | null
  mouseOverDecimal?: number | null
  showValuesOnMouseOver?: boolean | null
  teams?: TeamRel[] | null
  unitLabel?: string | null
  integrationKey?: string | null
  metadata?: MetricMetadata | null
  dataSource?: MetricDataSource | null
}

export type MetricAggregationType = Open<'AVG' | 'SUM' | 'MIN' | 'MAX' | 'LAST'>

export interface MetricDataSource {
  id: number
  name?: string | null
  type?: MetricDataSourceType | null
  teams?: TeamRel[] | null
  metadata?: MetricDataSourceMetadata | null
}

export type MetricDataSourceMetadata = MParamsDatadog | MParamsPrometheus

export interface MetricDataSourceNoIncludes {
  id?: number | null
  name?: string | null
  type?: MetricDataSourceType | null
  teams?: TeamRel[] | null
}

export interface MetricDataSourcePost {
  name: string
  type: MetricDataSourceType
  teams?: TeamRel[] | null
  metadata: MetricDataSourceMetadata
}

export type MetricDataSourceType = Open<'DATADOG' | 'PROMETHEUS'>

export type MetricDisplayType = Open<'GRAPH' | 'SINGLE'>

export interface MetricList {
  id: number
  name?: string | null
  description?: string | null
  aggregationType?: MetricAggregationType | null
  displayType?: MetricDisplayType | null
  interpolateGaps?: boolean | null
  lockYAxisMax?: number | null
  lockYAxisMin?: number | null
  mouseOverDecimal?: number | null
  showValuesOnMouseOver?: boolean | null
  teams?: TeamRel[] | null
  unitLabel?: string | null
  integrationKey?: string | null
  dataSource?: MetricDataSourceNoIncludes | null
}

export type MetricMetadata = MDataDogMetadata | MPrometheusMetadata

export interface MetricNoIncludes {
  id?: number | null
  name?: string | null
  description?: string | null
  aggregationType?: MetricAggregationType | null
  displayType?: MetricDisplayType | null
  interpolateGaps?: boolean | null
  lockYAxisMax?: number | null
  lockYAxisMin?: number | null
  mouseOverDecimal?: number | null
  showValuesOnMouseOver?: boolean | null
  unitLabel?: string | null
  teams?: TeamRel[] | null
}

export interface MetricPost {
  name: string
  description?: string | null
  aggregationType: MetricAggregationType
  displayType: MetricDisplayType
  interpolateGaps?: boolean | null
  lockYAxisMax?: number | null
  lockYAxisMin?: number | null
  mouseOverDecimal?: number | null
  showValuesOnMouseOver?: boolean | null
  teams?: TeamRel[] | null
  unitLabel?: string | null
  metadata?: MetricMetadata | null
  dataSource?: { id?: number | null } | null
}
