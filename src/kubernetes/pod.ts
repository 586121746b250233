import { secretName, toDnsName } from './names.ts'
import { type KubernetesObject, object, SECRET_KEY } from './objects.ts'

/** A gateway that runs config.yaml itself, without agentgateway's controller. */
export interface PodOptions {
  /** Of the Deployment, its Service and its ConfigMap; `agw` unless told. */
  readonly name?: string | undefined
  readonly namespace: string
  /** The port that the config listens on. */
  readonly port: number
  /** The text of config.yaml. It must hold no key, for everybody in the namespace may read a ConfigMap. */
  readonly config: string
  /** The variables the config refers to, and the key slot whose Secret holds the value. */
  readonly variables: readonly { readonly variable: string; readonly slot: string }[]
  /** The container image, with agentgateway as its entry point. */
  readonly image: string
}

/** Where agentgateway answers whether it is ready. */
const READINESS = { path: '/healthz/ready', port: 15021 }

/** ConfigMap, Deployment and Service for a config that reads its keys from variables. They hold no secret. */
export function podManifests(options: PodOptions): KubernetesObject[] {
  const { namespace, port } = options
  const name = toDnsName(options.name ?? 'agw')
  const labels = { 'app.kubernetes.io/name': name }
  return [
    object({ apiVersion: 'v1', kind: 'ConfigMap' }, `${name}-config`, namespace, {
      data: { 'config.yaml': options.config },
    }),
    object({ apiVersion: 'apps/v1', kind: 'Deployment' }, name, namespace, {
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(name, options) },
      },
    }),
    object({ apiVersion: 'v1', kind: 'Service' }, name, namespace, {
      spec: { selector: labels, ports: [{ name: 'http', port, targetPort: port }] },
    }),
  ]
}

function podSpec(name: string, { image, port, variables }: PodOptions): Readonly<Record<string, unknown>> {
  return {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 60,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'agentgateway',
        image,
        args: ['-f', '/config/config.yaml'],
        env: variables.map(({ variable, slot }) => ({
          name: variable,
          valueFrom: { secretKeyRef: { name: secretName(slot), key: SECRET_KEY } },
        })),
        ports: [{ name: 'http', containerPort: port }],
        readinessProbe: { httpGet: READINESS },
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          // The folder, not the file by `subPath`: such a mount never sees a change.
          { name: 'config', mountPath: '/config', readOnly: true },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'config', configMap: { name: `${name}-config` } },
      { name: 'tmp', emptyDir: {} },
    ],
  }
}
